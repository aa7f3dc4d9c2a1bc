interface Env {
  SupportAgent: DurableObjectNamespace<import("./src/server").SupportAgent>;
  REFUND_WORKFLOW: Workflow;
}
