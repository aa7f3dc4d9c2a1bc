import { Hono } from "hono";
import { statements, type Env } from "./routes/statements";

const app = new Hono<{ Bindings: Env }>().basePath("/v1");
app.route("/statements", statements);
export default app;
