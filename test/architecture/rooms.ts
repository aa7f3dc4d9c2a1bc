/** The rooms of a folder are layers as well: each imports those before it, and its own. */
import { importedPath, importsOf, isTest, type Source } from "./sources.ts";

/** From below; rooms that stand together may import one another. `.` is for files in the folder itself. */
const ROOMS: Readonly<Record<string, readonly (readonly string[])[]>> = {
  model: [["."], ["values", "time", "failures"], ["platform"], ["step", "instance"], ["views"]],
  runtime: [
    ["bindings", "run", "steps", "streams"],
    ["handlers", "cloudflare"],
  ],
  api: [["endpoint"], ["cloudflare"], ["own", "explorer", "binding"]],
};

/** Names the parts of all endpoints, one of which is theirs. */
const EXCEPT: ReadonlySet<string> = new Set(["src/api/endpoint/endpoint.ts"]);

function placeOf(path: string): { readonly folder: string; readonly room: string } {
  const [, folder = "", room = ".", ...rest] = path.split("/");
  return { folder, room: rest.length === 0 ? "." : room };
}

/** One sentence for each import of a room above, and for each room that has no place. */
export function roomBreaches(files: readonly Source[]): string[] {
  return files.flatMap(({ path, text }) => {
    const { folder, room } = placeOf(path);
    const floors = ROOMS[folder];
    if (floors === undefined || isTest(path) || room === "tests" || EXCEPT.has(path)) return [];
    const floorOf = (name: string): number => floors.findIndex((rooms) => rooms.includes(name));
    if (floorOf(room) < 0) return [`${path} is in no room of ${folder}`];
    return importsOf(text).flatMap((specifier) => {
      const imported = importedPath(path, specifier);
      const target = imported === undefined ? undefined : placeOf(imported);
      const isAbove = target?.folder === folder && floorOf(target.room) > floorOf(room);
      return isAbove ? [`${path} is below ${specifier}`] : [];
    });
  });
}
