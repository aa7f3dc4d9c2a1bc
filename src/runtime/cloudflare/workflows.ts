/** The module that user code imports as `cloudflare:workflows`. */
export { NonRetryableError } from "../../model/values/thrown.ts";
