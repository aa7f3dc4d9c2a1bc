interface Env {
  PROVISION_TENANT: Workflow;
  SEND_DIGEST: Workflow;
  CLOSE_ACCOUNT: Workflow;
  VERSION: WorkerVersionMetadata;
  REGION: string;
}
