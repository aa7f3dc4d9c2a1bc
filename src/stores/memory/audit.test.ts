import { auditLogContract } from "../../testing/audit-log-contract.ts";
import { memoryAudit } from "./audit.ts";

auditLogContract("memory", memoryAudit);
