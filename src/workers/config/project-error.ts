/** A project that cannot be used as it is. */

/** The message says which file, which part of it, and what to do. It may have several lines: one a problem, or the code around it. */
export class ProjectError extends Error {
  override readonly name = "ProjectError";
}
