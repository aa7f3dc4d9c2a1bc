import { env as globalEnv } from "cloudflare:workers";
import { desc } from "drizzle-orm";
import { database } from "~/db/client";
import { rates } from "~/db/schema";

export { RefreshRates } from "~/refresh-rates";

const idFor = (day: string, kind: string): string => `refresh-${kind}-${day}`;

export default {
  async fetch(request, env): Promise<Response> {
    const { pathname, searchParams } = new URL(request.url);
    switch (`${request.method} ${pathname}`) {
      case "POST /refresh": {
        const day = searchParams.get("day") ?? "2026-02-03";
        const instance = await env.REFRESH_RATES.create({ id: idFor(day, "manual"), params: { day }, retention: { successRetention: "3 days", errorRetention: "1 week" } });
        return Response.json({ id: instance.id, details: (await instance.status()).status !== undefined }, { status: 202 });
      }
      case "GET /status":
        return Response.json(await (await env.REFRESH_RATES.get(searchParams.get("id")!)).status());
      case "GET /rates": {
        const db = database(env.DB);
        const [latest] = await db.batch([
          db.select({ code: rates.code, value: rates.value, source: rates.source }).from(rates).orderBy(desc(rates.day), rates.code).limit(3),
          db.select().from(rates).limit(1),
        ]);
        return Response.json(latest);
      }
      case "GET /config":
        return Response.json({ base: globalEnv.BASE_CURRENCY, fromProcess: process.env.BASE_CURRENCY, symbols: process.env.SYMBOLS });
    }
    return new Response("Not found", { status: 404 });
  },

  async scheduled(controller, env, ctx) {
    const day = new Date(controller.scheduledTime).toISOString().slice(0, 10);
    const id = idFor(day, controller.cron === "* * * * *" ? "minute" : "daily");
    ctx.waitUntil(
      env.REFRESH_RATES.create({ id, params: { day, cron: controller.cron } }).then(
        () => {},
        (error: Error) => console.log("already there", error.message),
      ),
    );
  },
} satisfies ExportedHandler<Env>;
