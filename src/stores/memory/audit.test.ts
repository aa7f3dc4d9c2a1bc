import { auditLogContract } from "../../../test/contracts/audit-log.ts";
import { memoryAudit } from "./audit.ts";

auditLogContract("memory", memoryAudit);
