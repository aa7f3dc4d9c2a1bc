/** Who may use this server: programs with tokens, and people with passwords. */
import { People } from "./people.tsx";
import { Tokens } from "./tokens.tsx";

export default function AccessPage() {
  return (
    <div className="flex flex-col gap-8">
      <People />
      <Tokens />
    </div>
  );
}
