/** Bindings whose value stands in the deployment itself: the same in every executor that makes `env` on this side. */
import type { Binding } from "./catalog/bindings.ts";

type ConstantBinding = Extract<Binding, { type: "plain_text" | "secret_text" | "json" | "version_metadata" }>;

/** True for a binding that is a value and leads nowhere. */
export function isConstant(binding: Binding): binding is ConstantBinding {
  const { type } = binding;
  return type === "plain_text" || type === "secret_text" || type === "json" || type === "version_metadata";
}

/** What such a binding is in `env`. */
export function constantValue(binding: ConstantBinding): unknown {
  if (binding.type === "json") return binding.json;
  return binding.type === "version_metadata" ? binding.metadata : binding.text;
}
