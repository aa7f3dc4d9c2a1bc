import { data, type LoaderFunctionArgs } from "react-router";
import { cloudflareContext } from "~/cloudflare";

export async function loader({ params, context }: LoaderFunctionArgs) {
  const { env } = context.get(cloudflareContext);
  try {
    const instance = await env.CHECKOUT.get(params.id!);
    return Response.json(await instance.status());
  } catch {
    throw data("No such checkout", { status: 404 });
  }
}
