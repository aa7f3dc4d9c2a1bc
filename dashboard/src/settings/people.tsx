/** Users: added with a role and a password, changed and removed. */
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
import { changeUser, createUser, removeUser, usersQuery } from "./queries.ts";

interface User {
  readonly name: string;
  readonly role: Role;
}

/** What is being done, and to whom. */
type Doing = { readonly what: "add" } | { readonly what: "change" | "remove"; readonly user: User };

export function People() {
  const { data: users, error, refetch } = useQuery(usersQuery);
  const [doing, setDoing] = useState<Doing>();
  const done = (): void => setDoing(undefined);
  return (
    <Section
      title="Users"
      about="Users log in with a name and a password. Changing the role or the password of a user ends the user's sessions."
      action={
        <Button needs="admin" look="main" onClick={() => setDoing({ what: "add" })}>
          Add user
        </Button>
      }
    >
      {error !== null && <Problem cause={error} retry={() => void refetch()} />}
      {users?.length === 0 && (
        <Empty title="No users yet">
          <p>Add the first user here, or on the machine of the server:</p>
          <Command text="stepwell user create ada --role operator" />
        </Empty>
      )}
      {users !== undefined && users.length > 0 && (
        <Table label="Users" columns={["Name", "Role", "Since", "Actions"]} extra={["Since"]}>
          {users.map((user) => (
            <tr key={user.name}>
              <td className="min-w-16 font-medium break-all">{user.name}</td>
              <td>
                <RoleName role={user.role} />
              </td>
              <td className={NARROW}>
                <Moment at={user.created_on} />
              </td>
              <td>
                <span className="flex justify-end gap-2">
                  <Button aria-label={`Change ${user.name}`} onClick={() => setDoing({ what: "change", user })}>
                    Change
                  </Button>
                  <Button look="danger" aria-label={`Remove ${user.name}`} onClick={() => setDoing({ what: "remove", user })}>
                    Remove
                  </Button>
                </span>
              </td>
            </tr>
          ))}
        </Table>
      )}
      {doing?.what === "add" && <Add onClose={done} />}
      {doing?.what === "change" && <Change user={doing.user} onClose={done} />}
      {doing?.what === "remove" && <Remove user={doing.user} onClose={done} />}
    </Section>
  );
}

function Add({ onClose }: { readonly onClose: () => void }) {
  const [name, setName] = useState("");
  const [role, setRole] = useState<Role>("viewer");
  const [password, setPassword] = useState("");
  const { failure, isBusy, run } = useAsking();
  return (
    <Dialog title="Add user" open onClose={onClose}>
      <form
        className="flex flex-col gap-4"
        onSubmit={(event) => {
          event.preventDefault();
          void run(() => createUser(name, role, password)).then((isDone) => isDone && onClose());
        }}
      >
        <label className="flex flex-col gap-1">
          Name
          <input
            className={FIELD}
            required
            maxLength={64}
            autoComplete="off"
            value={name}
            onChange={({ target }) => setName(target.value)}
          />
        </label>
        <Password label="Password" value={password} onChange={setPassword} required />
        <RoleField label="Role" value={role} onChange={setRole} />
        {failure && <Problem cause={failure} />}
        <Buttons onClose={onClose} isBusy={isBusy} action="Add" />
      </form>
    </Dialog>
  );
}

function Change({ user, onClose }: { readonly user: User; readonly onClose: () => void }) {
  const [role, setRole] = useState<Role>(user.role);
  const [password, setPassword] = useState("");
  const { failure, isBusy, run } = useAsking();
  const change = { ...(role !== user.role && { role }), ...(password !== "" && { password }) };
  const isSame = Object.keys(change).length === 0;
  return (
    <Dialog title={`Change ${user.name}`} open onClose={onClose}>
      <form
        className="flex flex-col gap-4"
        onSubmit={(event) => {
          event.preventDefault();
          void run(() => changeUser(user.name, change)).then((isDone) => isDone && onClose());
        }}
      >
        <RoleField label="Role" value={role} onChange={setRole} />
        <Password label="New password (leave empty to keep the current one)" value={password} onChange={setPassword} />
        {failure && <Problem cause={failure} />}
        <Buttons onClose={onClose} isBusy={isBusy || isSame} action="Save" />
      </form>
    </Dialog>
  );
}

function Remove({ user, onClose }: { readonly user: User; readonly onClose: () => void }) {
  const { failure, isBusy, run } = useAsking();
  return (
    <Dialog title={`Remove ${user.name}?`} open onClose={onClose}>
      <p>{user.name} is logged out and can no longer log in. Entries in the audit log stay.</p>
      {failure && <Problem cause={failure} />}
      <div className="flex justify-end gap-2">
        <Button onClick={onClose}>Cancel</Button>
        <Button
          look="danger"
          disabled={isBusy}
          onClick={() => void run(() => removeUser(user.name)).then((isDone) => isDone && onClose())}
        >
          Remove
        </Button>
      </div>
    </Dialog>
  );
}

interface PasswordProps {
  readonly label: string;
  readonly value: string;
  readonly onChange: (text: string) => void;
  readonly required?: boolean;
}

function Password({ label, value, onChange, required = false }: PasswordProps) {
  return (
    <label className="flex flex-col gap-1">
      {label}
      <input
        type="password"
        autoComplete="new-password"
        className={FIELD}
        required={required}
        minLength={8}
        maxLength={256}
        value={value}
        onChange={({ target }) => onChange(target.value)}
      />
    </label>
  );
}

interface ButtonsProps {
  readonly onClose: () => void;
  readonly isBusy: boolean;
  readonly action: string;
}

function Buttons({ onClose, isBusy, action }: ButtonsProps) {
  return (
    <div className="flex justify-end gap-2">
      <Button onClick={onClose}>Cancel</Button>
      <Button type="submit" look="main" disabled={isBusy}>
        {action}
      </Button>
    </div>
  );
}
