/** What scripts find in `env`, kind by kind. */

/** A value that a script finds in `env`. */
export type Binding =
  | { readonly type: "plain_text"; readonly name: string; readonly text: string }
  | { readonly type: "secret_text"; readonly name: string; readonly text: string }
  | { readonly type: "json"; readonly name: string; readonly json: unknown }
  | WorkflowBinding
  | { readonly type: "version_metadata"; readonly name: string; readonly metadata: VersionMetadata }
  | { readonly type: "queue"; readonly name: string; readonly queue: string }
  | { readonly type: "kv_namespace"; readonly name: string; readonly id: string }
  | { readonly type: "d1"; readonly name: string; readonly id: string }
  | { readonly type: "r2_bucket"; readonly name: string; readonly bucket: string }
  | ServiceBinding
  | ObjectsBinding
  | AssetsBinding
  | UnsupportedBinding;

/** A binding that a configuration asks for and stepwell does not have: using it throws an error that says so. */
export interface UnsupportedBinding {
  readonly type: "unsupported";
  readonly name: string;
  /** What Cloudflare calls it, like `Workers AI`. */
  readonly kind: string;
  /** As it was uploaded, with its name and type, but without secrets; clients are given it back. */
  readonly sent?: Readonly<Record<string, unknown>>;
}

/** A binding to the Durable Objects of a class. */
export interface ObjectsBinding {
  readonly type: "durable_object_namespace";
  readonly name: string;
  readonly className: string;
  /** The script that has the class, when it is another one. */
  readonly script?: string;
}

/** A binding to the script's own static assets. */
export interface AssetsBinding {
  readonly type: "assets";
  readonly name: string;
}

/** A binding to another script, or to the script itself. */
export interface ServiceBinding {
  readonly type: "service";
  readonly name: string;
  readonly service: string;
  /** The class that is called; the default export when absent. */
  readonly entrypoint?: string;
}

/** A binding to a workflow, of this script or of another one. */
export interface WorkflowBinding {
  readonly type: "workflow";
  readonly name: string;
  readonly workflow: string;
  /** As the upload says; what counts is what the workflow was registered with. */
  readonly className?: string;
  /** The script that has the class, when it is another one. */
  readonly script?: string;
}

/** What a script may know of its own version, in Cloudflare's words. */
export interface VersionMetadata {
  readonly id: string;
  readonly tag: string;
  /** ISO 8601. */
  readonly timestamp: string;
}
