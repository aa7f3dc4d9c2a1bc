/** A popup menu. */
import { Menu as Base } from "@base-ui/react/menu";
import type { ReactElement, ReactNode } from "react";

interface MenuProps {
  /** The button that opens it. */
  readonly trigger: ReactElement<Record<string, unknown>>;
  readonly children: ReactNode;
}

export function Menu({ trigger, children }: MenuProps) {
  return (
    <Base.Root>
      <Base.Trigger render={trigger} />
      <Base.Portal>
        <Base.Positioner sideOffset={6} align="end" className="z-30">
          <Base.Popup className="min-w-44 rounded-lg border border-line bg-panel py-1 shadow-lg">{children}</Base.Popup>
        </Base.Positioner>
      </Base.Portal>
    </Base.Root>
  );
}

const ITEM =
  "flex w-full items-center gap-2 px-3 py-1.5 outline-none data-highlighted:bg-line/50 data-disabled:text-quiet cursor-pointer";

interface ItemProps {
  readonly onChoose?: (() => void) | undefined;
  /** A link, for items that lead somewhere. */
  readonly render?: ReactElement<Record<string, unknown>>;
  readonly children: ReactNode;
}

export function MenuItem({ onChoose, render, children }: ItemProps) {
  return (
    <Base.Item className={ITEM} {...(onChoose && { onClick: onChoose })} {...(render && { render, nativeButton: false })}>
      {children}
    </Base.Item>
  );
}
