/** API tokens: created, shown once, and revoked. */
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { Role } from "../api/session.ts";
import { Button } from "../ui/button.tsx";
import { Command } from "../ui/copy.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { Empty, Problem } from "../ui/problem.tsx";
import { Moment } from "../ui/time.tsx";
import { useAsking } from "./asking.ts";
import { FIELD, NARROW, RoleField, RoleName, Section, Table } from "./pieces.tsx";
import { createToken, revokeToken, tokensQuery } from "./queries.ts";

export function Tokens() {
  const { data: tokens, error, refetch } = useQuery(tokensQuery);
  const [isMaking, setMaking] = useState(false);
  const [revoked, setRevoked] = useState<{ readonly id: string; readonly label: string }>();
  return (
    <Section
      title="Tokens"
      about="For programs: wrangler, the SDKs, scripts. Only a hash is stored, so a token is shown once."
      action={
        <Button needs="admin" look="main" onClick={() => setMaking(true)}>
          New token
        </Button>
      }
    >
      {error !== null && <Problem cause={error} retry={() => void refetch()} />}
      {tokens?.length === 0 && (
        <Empty title="No tokens">
          <p>A server on a loopback address needs no tokens. Any other server does:</p>
          <Command text="stepwell token create --role operator --label ci" />
        </Empty>
      )}
      {tokens !== undefined && tokens.length > 0 && (
        <Table label="Tokens" columns={["Label", "Role", "Id", "Created", "Actions"]} extra={["Id", "Created"]}>
          {tokens.map(({ id, label, role, created_on: created }) => (
            <tr key={id}>
              <td className="min-w-24 font-medium">{label === "" ? <span className="text-quiet">no label</span> : label}</td>
              <td>
                <RoleName role={role} />
              </td>
              <td className={`font-mono text-xs text-quiet ${NARROW}`} title={id}>
                {id.slice(0, 8)}
              </td>
              <td className={NARROW}>
                <Moment at={created} />
              </td>
              <td className="text-right">
                <Button look="danger" aria-label={`Revoke ${label}`} onClick={() => setRevoked({ id, label })}>
                  Revoke
                </Button>
              </td>
            </tr>
          ))}
        </Table>
      )}
      <NewToken open={isMaking} onClose={() => setMaking(false)} />
      <Revoke token={revoked} onClose={() => setRevoked(undefined)} />
    </Section>
  );
}

interface DialogProps {
  readonly open: boolean;
  readonly onClose: () => void;
}

function NewToken({ open, onClose }: DialogProps) {
  const [label, setLabel] = useState("");
  const [role, setRole] = useState<Role>("viewer");
  const [made, setMade] = useState<string>();
  const { failure, isBusy, run, reset } = useAsking();
  const close = (): void => {
    onClose();
    reset();
    setMade(undefined);
    setLabel("");
  };
  return (
    <Dialog title={made === undefined ? "New token" : "Token created"} open={open} onClose={close}>
      {made === undefined ? (
        <form
          className="flex flex-col gap-4"
          onSubmit={(event) => {
            event.preventDefault();
            void run(async () => setMade(await createToken(label, role)));
          }}
        >
          <label className="flex flex-col gap-1">
            Label
            <input
              className={FIELD}
              value={label}
              maxLength={100}
              placeholder="What the token is for"
              onChange={({ target }) => setLabel(target.value)}
            />
          </label>
          <RoleField label="Role" value={role} onChange={setRole} />
          {failure && <Problem cause={failure} />}
          <div className="flex justify-end gap-2">
            <Button onClick={close}>Cancel</Button>
            <Button type="submit" look="main" disabled={isBusy}>
              Create token
            </Button>
          </div>
        </form>
      ) : (
        <>
          <p>Copy it now. It cannot be shown again.</p>
          <Command text={made} />
          <div className="flex justify-end">
            <Button look="main" onClick={close}>
              Done
            </Button>
          </div>
        </>
      )}
    </Dialog>
  );
}

interface RevokeProps {
  readonly token: { readonly id: string; readonly label: string } | undefined;
  readonly onClose: () => void;
}

function Revoke({ token, onClose }: RevokeProps) {
  const { failure, isBusy, run } = useAsking();
  return (
    <Dialog title={`Revoke ${token?.label || "this token"}?`} open={token !== undefined} onClose={onClose}>
      <p>Requests with this token are rejected from now on, and sessions that were started with it end.</p>
      {failure && <Problem cause={failure} />}
      <div className="flex justify-end gap-2">
        <Button onClick={onClose}>Cancel</Button>
        <Button
          look="danger"
          disabled={isBusy}
          onClick={() => void run(() => revokeToken(token?.id ?? "")).then((isDone) => isDone && onClose())}
        >
          Revoke token
        </Button>
      </div>
    </Dialog>
  );
}
