/** A Worker that sends emails, deployed by stock wrangler to a server that delivers them by SMTP. */
import { createServer, type AddressInfo, type Server as TcpServer } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { wranglerIn } from "../support/clients.ts";
import { makeProject, startServer, type Project, type Server } from "../support/server.ts";

const TIMEOUT = 60_000;

const CONFIG = {
  name: "shop",
  main: "index.js",
  compatibility_date: "2026-11-01",
  send_email: [{ name: "MAIL", allowed_destination_addresses: ["ada@example.com", "nobody@example.com"] }],
};

const CODE = `
import { EmailMessage } from "cloudflare:email";
const from = "shop@example.com";
const ways = {
  raw: (MAIL) => MAIL.send(new EmailMessage(from, "ada@example.com", "From: " + from + "\\r\\nMessage-ID: <a@b>\\r\\nSubject: Raw\\r\\n\\r\\nHello\\r\\n")),
  built: (MAIL) => MAIL.send({ from, to: "ada@example.com", subject: "Built", text: "Hello", html: "<b>Hello</b>" }),
  refused: (MAIL) => MAIL.send({ from, to: "bob@example.com", subject: "No", text: "Hello" }),
  unknown: (MAIL) => MAIL.send({ from, to: "nobody@example.com", subject: "Lost", text: "Hello" }),
};
export default {
  async fetch(request, { MAIL }) {
    try {
      return Response.json(await ways[new URL(request.url).pathname.slice(1)](MAIL));
    } catch (error) {
      return Response.json({ error: error.message });
    }
  },
};
`;

/** What a mail server has been sent, a text each. */
const delivered: string[] = [];

/** As much of SMTP as a client needs; it refuses one recipient. */
function mailServer(): TcpServer {
  return createServer((socket) => {
    let message: string | undefined;
    let rest = "";
    socket.write("220 test\r\n");
    socket.on("error", () => {});
    socket.on("data", (chunk) => {
      rest += chunk.toString();
      for (let end = rest.indexOf("\r\n"); end >= 0; end = rest.indexOf("\r\n")) {
        const line = rest.slice(0, end);
        rest = rest.slice(end + 2);
        if (message !== undefined && line !== ".") message += `${line}\n`;
        else if (message !== undefined) {
          delivered.push(message);
          message = undefined;
          socket.write("250 kept\r\n");
        } else if (line === "DATA") {
          message = "";
          socket.write("354 go on\r\n");
        } else if (line.startsWith("RCPT") && line.includes("nobody@")) socket.write("550 no such user\r\n");
        else if (line === "QUIT") socket.end("221 bye\r\n");
        else socket.write("250 ok\r\n");
      }
    });
  });
}

let smtp: TcpServer;
let data: Project;
let project: Project;
let server: Server;
let authorization: string;

const ask = async (way: string): Promise<unknown> => (await fetch(`${server.url}/workers/shop/${way}`)).json();

beforeAll(async () => {
  smtp = mailServer();
  await new Promise<void>((listening) => smtp.listen(0, "127.0.0.1", listening));
  data = await makeProject({});
  project = await makeProject({ "wrangler.json": JSON.stringify(CONFIG), "index.js": CODE });
  const address = `smtp://127.0.0.1:${(smtp.address() as AddressInfo).port}`;
  server = await startServer(["serve", "--data", data.folder, "--port", "0", "--smtp", address]);
  const token = await server.firstToken();
  authorization = `Bearer ${token}`;
  const wrangler = wranglerIn(project.folder, {
    CLOUDFLARE_API_BASE_URL: `${server.url}/client/v4`,
    CLOUDFLARE_API_TOKEN: token,
    CLOUDFLARE_ACCOUNT_ID: "local",
  });
  const { code, stdout, stderr } = await wrangler(["deploy"]);
  expect({ code, printed: code === 0 ? "" : stdout + stderr }).toEqual({ code: 0, printed: "" });
}, TIMEOUT);

afterAll(async () => {
  await server.stop();
  await new Promise((closed) => smtp.close(closed));
  await data.remove();
  await project.remove();
});

test("emails of both forms are delivered, others refused, and those that were sent are listed", async () => {
  const sent = { messageId: expect.stringMatching(/^<[^@]+@example\.com>$/) as string };
  expect(await ask("raw")).toEqual(sent);
  expect(await ask("built")).toEqual(sent);
  expect(await ask("refused")).toEqual({ error: "email to bob@example.com not allowed" });
  expect(await ask("unknown")).toEqual({ error: expect.stringContaining("550 no such user") as string });
  expect(delivered).toHaveLength(2);
  expect(delivered[0]).toContain("Subject: Raw");
  expect(delivered[1]).toContain("<b>Hello</b>");
  const { result } = (await (await fetch(`${server.url}/api/v1/emails`, { headers: { authorization } })).json()) as {
    result: object[];
  };
  expect(result).toMatchObject([
    { subject: "Lost", error: expect.stringContaining("550") as string },
    { subject: "Built", text: "Hello", html: "<b>Hello</b>", script: "shop", error: null },
    { subject: "Raw", raw: expect.stringContaining("Hello") as string, to: ["ada@example.com"], error: null },
  ]);
  expect((await fetch(`${server.url}/api/v1/emails`)).status).toBe(401);
});
