/** Popular packages, each doing something small of what it is for; without a network. */
import { answering, config, type Input } from "../input.ts";

function packaged(name: string, imports: string, expression: string, fields: Readonly<Record<string, unknown>> = {}): Input {
  return {
    name,
    topic: "packages",
    about: `\`${name}\``,
    files: { ...config(fields), "index.js": answering(imports, expression) },
  };
}

const DENIED = `.then(() => "answered", (error) => error.constructor.name)`;

export const PACKAGES: readonly Input[] = [
  packaged(
    "hono",
    'import { Hono } from "hono";\nconst app = new Hono().get("/a/:id", (c) => c.json({ id: c.req.param("id") }));',
    'await (await app.request("/a/7")).json()',
  ),
  packaged(
    "zod",
    'import { z } from "zod";\nconst user = z.object({ name: z.string().min(2), age: z.coerce.number() });',
    '[user.parse({ name: "Ada", age: "36" }), user.safeParse({ name: "A" }).error.issues.length]',
  ),
  packaged(
    "valibot",
    'import * as v from "valibot";',
    'v.parse(v.object({ a: v.pipe(v.string(), v.email()) }), { a: "a@b.cd" })',
  ),
  packaged(
    "drizzle-orm",
    'import { sqliteTable, text, integer, SQLiteSyncDialect } from "drizzle-orm/sqlite-core";\nimport { eq, sql } from "drizzle-orm";\nconst users = sqliteTable("users", { id: integer("id").primaryKey(), name: text("name") });',
    'new SQLiteSyncDialect().sqlToQuery(sql`select ${users.id} from ${users} where ${eq(users.name, "Ada")}`)',
  ),
  packaged(
    "itty-router",
    'import { AutoRouter } from "itty-router";\nconst router = AutoRouter().get("/a/:id", ({ params }) => params);',
    'await (await router.fetch(new Request("http://x/a/7"))).json()',
  ),
  packaged(
    "jose",
    'import { SignJWT, jwtVerify } from "jose";\nconst key = new TextEncoder().encode("0123456789abcdef0123456789abcdef");',
    '(await jwtVerify(await new SignJWT({ sub: "ada" }).setProtectedHeader({ alg: "HS256" }).sign(key), key)).payload',
  ),
  packaged("nanoid", 'import { nanoid } from "nanoid";', "nanoid().length"),
  packaged("uuid", 'import { v4, v5, validate } from "uuid";', '[validate(v4()), v5("a", v5.URL)]'),
  packaged("ulid", 'import { ulid, decodeTime } from "ulid";', "[ulid().length, decodeTime(ulid(7))]"),
  packaged(
    "date-fns",
    'import { addDays, formatISO } from "date-fns";',
    'addDays(new Date("2026-01-31T00:00:00Z"), 1).toISOString()',
  ),
  packaged(
    "dayjs",
    'import dayjs from "dayjs";\nimport utc from "dayjs/plugin/utc";\ndayjs.extend(utc);',
    'dayjs.utc("2026-01-31").add(1, "month").format()',
  ),
  packaged("lodash", 'import _ from "lodash";', '_.chunk([1, 2, 3], 2).concat([[_.camelCase("a b"), _.escape("<a>")]])'),
  packaged(
    "axios",
    'import axios from "axios";',
    `[axios.getUri({ url: "/a", params: { b: [1, 2] } }), await axios.get("http://127.0.0.1:1/")${DENIED}]`,
  ),
  packaged(
    "pg",
    'import pg from "pg";\nimport { Client } from "pg";',
    `[new pg.Pool({ max: 1 }).totalCount, new Client({ host: "h", user: "u" }).host, pg.escapeIdentifier('a"b')]`,
  ),
  packaged("postgres", 'import postgres from "postgres";', 'typeof postgres("postgres://u@h/d", { max: 1 }).begin'),
  packaged(
    "mysql2",
    'import mysql from "mysql2/promise";\nimport { format } from "mysql2";',
    '[format("select ?", ["a\'b"]), typeof mysql.createPool]',
    {
      compatibility_flags: ["nodejs_compat"],
    },
  ),
  packaged(
    "ioredis",
    'import { Redis } from "ioredis";',
    "(() => { const r = new Redis({ lazyConnect: true }); return [r.status, typeof r.get]; })()",
  ),
  packaged(
    "kysely",
    'import { Kysely, SqliteAdapter, DummyDriver, SqliteIntrospector, SqliteQueryCompiler } from "kysely";\nconst db = new Kysely({ dialect: { createAdapter: () => new SqliteAdapter(), createDriver: () => new DummyDriver(), createIntrospector: (d) => new SqliteIntrospector(d), createQueryCompiler: () => new SqliteQueryCompiler() } });',
    'db.selectFrom("t").select(["a"]).where("b", "=", 1).compile().sql',
  ),
  packaged(
    "openai",
    'import OpenAI from "openai";\nconst client = new OpenAI({ apiKey: "k", baseURL: "http://127.0.0.1:1", maxRetries: 0 });',
    `await client.models.list()${DENIED}`,
  ),
  packaged(
    "anthropic",
    'import Anthropic from "@anthropic-ai/sdk";\nconst client = new Anthropic({ apiKey: "k", baseURL: "http://127.0.0.1:1", maxRetries: 0 });',
    `await client.models.list()${DENIED}`,
  ),
  packaged(
    "ai",
    'import { tool, generateId } from "ai";\nimport { z } from "zod";',
    '[generateId().length, tool({ description: "d", inputSchema: z.object({}) }).description]',
  ),
  packaged(
    "stripe",
    'import Stripe from "stripe";\nconst stripe = new Stripe("sk_test_x", { httpClient: Stripe.createFetchHttpClient() });',
    '[typeof stripe.charges.create, await stripe.webhooks.generateTestHeaderStringAsync({ payload: "{}", secret: "s", timestamp: 7 })]',
  ),
  packaged(
    "supabase",
    'import { createClient } from "@supabase/supabase-js";',
    'typeof createClient("http://127.0.0.1:1", "k", { auth: { persistSession: false } }).from("t").select',
  ),
  packaged("resend", 'import { Resend } from "resend";', 'typeof new Resend("re_x").emails.send'),
  packaged(
    "graphql",
    'import { buildSchema, graphql } from "graphql";',
    'await graphql({ schema: buildSchema("type Query { a: Int }"), source: "{ a }", rootValue: { a: 7 } })',
  ),
  packaged(
    "graphql-yoga",
    'import { createSchema, createYoga } from "graphql-yoga";\nconst yoga = createYoga({ schema: createSchema({ typeDefs: "type Query { a: Int }", resolvers: { Query: { a: () => 7 } } }), logging: false });',
    'await (await yoga.fetch("http://x/graphql?query={a}")).json()',
  ),
  packaged("yaml", 'import { parse, stringify } from "yaml";', '[parse("a: [1, 2]"), stringify({ b: { c: 1 } })]'),
  packaged("cheerio", 'import * as cheerio from "cheerio";', 'cheerio.load("<ul><li>a<li>b</ul>")("li").length'),
  packaged("marked", 'import { marked } from "marked";', 'marked.parse("# a *b*")'),
  packaged(
    "handlebars",
    'import Handlebars from "handlebars/dist/cjs/handlebars";',
    'Handlebars.VERSION.length > 0 && Handlebars.escapeExpression("<a>")',
  ),
  packaged(
    "aws-sdk-s3",
    'import { S3Client, ListBucketsCommand } from "@aws-sdk/client-s3";\nconst client = new S3Client({ region: "us-east-1", endpoint: "http://127.0.0.1:1", maxAttempts: 1, credentials: { accessKeyId: "a", secretAccessKey: "b" } });',
    `[await client.config.region(), await client.send(new ListBucketsCommand({}))${DENIED}]`,
  ),
  packaged(
    "jsonwebtoken",
    'import jwt from "jsonwebtoken";',
    'jwt.verify(jwt.sign({ a: 1 }, "secret", { noTimestamp: true }), "secret")',
  ),
  packaged("bcryptjs", 'import bcrypt from "bcryptjs";', 'bcrypt.compareSync("a", bcrypt.hashSync("a", 4))'),
  packaged(
    "ws",
    'import { WebSocket, WebSocketServer } from "ws";\nimport * as ws from "ws";',
    "[typeof WebSocket, typeof WebSocketServer, Object.keys(ws).length > 0]",
  ),
  packaged("semver", 'import semver from "semver";', 'semver.inc("1.2.3", "minor")'),
  packaged("qs", 'import qs from "qs";', "qs.stringify({ a: { b: [1, 2] } })"),
  packaged("debug", 'import debug from "debug";', '[typeof debug("a"), debug.enabled("a")]'),
  packaged("fast-xml-parser", 'import { XMLParser } from "fast-xml-parser";', 'new XMLParser().parse("<a><b>1</b></a>")'),
  packaged("iconv-lite", 'import iconv from "iconv-lite";', 'iconv.decode(iconv.encode("é", "latin1"), "latin1")'),
  packaged(
    "babel-runtime",
    'import extend from "@babel/runtime/helpers/extends";\nimport typeOf from "@babel/runtime/helpers/esm/typeof";',
    "[extend({}, { a: 1 }), typeOf(1)]",
  ),
];
