import { env } from "cloudflare:workers";
import { Suspense } from "react";
import { Await, Form, redirect, type ActionFunctionArgs, type LoaderFunctionArgs } from "react-router";
import { cloudflareContext } from "~/cloudflare";

export function meta({ loaderData }: { loaderData?: { shop: string } }) {
  return [{ title: loaderData?.shop }, { name: "analytics", content: import.meta.env.VITE_ANALYTICS_ID }];
}

export async function loader({ context }: LoaderFunctionArgs) {
  const { env: bindings } = context.get(cloudflareContext);
  const { keys } = await bindings.CARTS.list();
  // Streamed after the shell.
  const later = new Promise<string>((resolve) => setTimeout(() => resolve("fresh every morning"), 20));
  return { shop: env.SHOP_NAME, carts: keys.length, later };
}

export async function action({ request, context }: ActionFunctionArgs) {
  const { env: bindings } = context.get(cloudflareContext);
  const form = await request.formData();
  const id = String(form.get("cart"));
  const items = form.getAll("item").map(String);
  await bindings.CARTS.put(id, JSON.stringify(items));
  const instance = await bindings.CHECKOUT.create({ id, params: { cart: id } });
  return redirect(`/checkout/${instance.id}`);
}

export default function Home({ loaderData }: { loaderData: { shop: string; carts: number; later: Promise<string> } }) {
  return (
    <main>
      <h1>{loaderData.shop}</h1>
      <p data-carts>{`carts: ${loaderData.carts}`}</p>
      <Suspense fallback={<i>soon</i>}>
        <Await resolve={loaderData.later}>{(text) => <b>{text}</b>}</Await>
      </Suspense>
      <Form method="post">
        <input name="cart" />
        <button type="submit">Buy</button>
      </Form>
    </main>
  );
}
