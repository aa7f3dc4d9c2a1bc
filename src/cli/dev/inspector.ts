/** Opens the inspector of `stepwell dev`: at the given port, or at the default one if that is free. */
import { Inspector, type InspectorOptions } from "../../executors/workerd/inspector/server.ts";
import type { DevOptions } from "./options.ts";
import { explainListening } from "../../assembly/explain.ts";

/** Where debuggers look by themselves. */
const USUAL_PORT = 9229;

/** There is none with `--executor node`, and none when the default port is in use; then `note` says so. */
export async function openInspector(
  { inspector: { host, port = USUAL_PORT, isAsked }, server }: DevOptions,
  workers: InspectorOptions["workers"],
): Promise<{ readonly inspector?: Inspector; readonly note?: string }> {
  if (server.executor !== "workerd") return isAsked ? { note: "--inspector-port has no effect with --executor node" } : {};
  try {
    return { inspector: await Inspector.open({ host, port, workers }) };
  } catch (cause) {
    const explained = explainListening(cause, host, port, "--inspector-port");
    if (isAsked || explained === undefined) throw explained ?? cause;
    return { note: `Debuggers cannot connect: port ${port} is in use. Choose another port with --inspector-port` };
  }
}
