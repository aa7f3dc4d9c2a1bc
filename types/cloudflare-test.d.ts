// Types of `cloudflare:test` for projects that use the plugin of `stepwell/vitest`: add "stepwell/vitest/types" to `types` of tsconfig.json.
// `Cloudflare.Env` is what `wrangler types` writes, or what the project declares.

declare namespace Cloudflare {
  // Merged with the declaration of the project.
  interface Env {}
}

declare module "cloudflare:test" {
  export const env: Cloudflare.Env;
  export {
    SELF,
    applyD1Migrations,
    createExecutionContext,
    createMessageBatch,
    createScheduledController,
    getQueueResult,
    introspectWorkflow,
    introspectWorkflowInstance,
    reset,
    waitOnExecutionContext,
  } from "stepwell/vitest/cloudflare-test";
}
