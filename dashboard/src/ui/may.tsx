/** Controls that need a role: disabled with the reason for other roles. The server enforces roles itself. */
import { cloneElement, type ReactElement } from "react";
import { useRefusal, type Role } from "../api/session.ts";

interface MayProps {
  readonly role: Role;
  /** A button, or anything else that can be disabled. */
  readonly children: ReactElement<{ readonly disabled?: boolean | undefined }>;
}

export function May({ role, children }: MayProps) {
  const refusal = useRefusal(role);
  if (refusal === undefined) return children;
  return (
    <span className="relative inline-flex" title={refusal}>
      {cloneElement(children, { disabled: true })}
      <span className="sr-only">{refusal}</span>
    </span>
  );
}
