/** Runs before each test file: opens the project for it, and closes it after its last test. */
import { afterAll, inject } from "vitest";
import { openProject } from "./project.ts";
import type { GivenProject } from "./given.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** A `GivenProject`. */
    stepwell: string;
  }
}

// The name is `MAIN_MODULE`: written out, since only a literal is resolved by Vite. Imported when it is first needed, so that
// what a test mocks is mocked in it.
// @ts-expect-error -- it exists when the plugin resolves it
const load = (): Promise<Readonly<Record<string, unknown>>> => import("virtual:stepwell/main");

const close: () => Promise<void> = await openProject(JSON.parse(inject("stepwell")) as GivenProject, load);
afterAll(close);
