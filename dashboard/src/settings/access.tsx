/** Access to this server: users with passwords, and API tokens. */
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
