/** Where a token is exchanged for a session. */
import { useState } from "react";
import { logIn } from "./api/session.ts";
import { Button } from "./ui/button.tsx";
import { Problem } from "./ui/problem.tsx";

export function Login() {
  const [token, setToken] = useState("");
  const [failure, setFailure] = useState<Error>();
  const send = async (): Promise<void> => {
    try {
      await logIn({ token });
    } catch (cause) {
      setFailure(cause instanceof Error ? cause : new Error(String(cause)));
    }
  };
  return (
    <form
      className="mx-auto mt-[15vh] flex max-w-sm flex-col gap-4 rounded-lg border border-line bg-panel p-6"
      onSubmit={(event) => {
        event.preventDefault();
        void send();
      }}
    >
      <h1 className="text-lg font-semibold">Log in</h1>
      <label className="flex flex-col gap-1">
        Token
        <input
          type="password"
          autoComplete="current-password"
          required
          value={token}
          onChange={({ target }) => setToken(target.value)}
          className="rounded-md border border-line bg-page px-2.5 py-1 font-mono"
        />
      </label>
      {failure && <Problem cause={failure} />}
      <Button type="submit" look="main" className="self-start">
        Log in
      </Button>
      <p className="text-quiet">
        The server printed a token when it was first started; <code className="font-mono">stepwell token create</code> makes
        another.
      </p>
    </form>
  );
}
