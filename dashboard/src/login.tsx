/** The login page: exchanges a name and a password, or a token, for a session. */
import { useState } from "react";
import { logIn } from "./api/session.ts";
import { Button } from "./ui/button.tsx";
import { Problem } from "./ui/problem.tsx";

/** What one logged in with last. */
const KEY = "stepwell.login";

export function Login() {
  const [isUser, setIsUser] = useState(localStorage.getItem(KEY) === "user");
  const [failure, setFailure] = useState<Error>();
  const [isBusy, setBusy] = useState(false);
  const send = async (form: FormData): Promise<void> => {
    const text = (name: string): string => (form.get(name) as string | null) ?? "";
    setBusy(true);
    try {
      await logIn(isUser ? { name: text("name"), password: text("password") } : { token: text("token") });
      localStorage.setItem(KEY, isUser ? "user" : "token");
    } catch (cause) {
      setFailure(cause instanceof Error ? cause : new Error(String(cause)));
    } finally {
      setBusy(false);
    }
  };
  return (
    <form
      className="mx-auto mt-[15vh] flex max-w-sm flex-col gap-4 rounded-lg border border-line bg-panel p-6"
      onSubmit={(event) => {
        event.preventDefault();
        void send(new FormData(event.currentTarget));
      }}
    >
      <h1 className="text-lg font-semibold">Log in</h1>
      {isUser ? (
        <>
          <Field key="name" label="Name" name="name" autoComplete="username" />
          <Field key="password" label="Password" name="password" type="password" autoComplete="current-password" />
        </>
      ) : (
        <Field key="token" label="Token" name="token" type="password" autoComplete="current-password" isCode />
      )}
      {failure && <Problem cause={failure} />}
      <div className="flex flex-wrap items-center justify-between gap-3">
        <Button type="submit" look="main" disabled={isBusy}>
          Log in
        </Button>
        <Button
          look="bare"
          className="text-quiet"
          onClick={() => {
            setFailure(undefined);
            setIsUser(!isUser);
          }}
        >
          {isUser ? "Use a token instead" : "Use a name instead"}
        </Button>
      </div>
      {isUser ? (
        <p className="text-quiet">
          An admin adds users in the settings or with <code className="font-mono">stepwell user create</code>.
        </p>
      ) : (
        <p className="text-quiet">
          The first start of the server wrote a token to <code className="font-mono">first-token</code> in its data directory;{" "}
          <code className="font-mono">stepwell token create</code> creates another.
        </p>
      )}
    </form>
  );
}

interface FieldProps {
  readonly label: string;
  readonly name: string;
  readonly autoComplete: string;
  readonly type?: "text" | "password";
  readonly isCode?: boolean;
}

function Field({ label, isCode = false, ...input }: FieldProps) {
  return (
    <label className="flex flex-col gap-1">
      {label}
      <input {...input} required className={`rounded-md border border-line bg-page px-2.5 py-1 ${isCode ? "font-mono" : ""}`} />
    </label>
  );
}
