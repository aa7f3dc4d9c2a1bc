/** Emails to mail servers that do not do what they should: each wait ends, and with a reason. */
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { afterEach, expect, test } from "vitest";
import { smtpMailer } from "../src/assembly/mailer.ts";

const servers: Server[] = [];
const sockets: Set<Socket> = new Set();

afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  await Promise.all(servers.splice(0).map((server) => new Promise((resolve) => server.close(resolve))));
});

/** A server that does this with each connection. */
async function serve(behave: (socket: Socket) => void): Promise<string> {
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {}).on("close", () => sockets.delete(socket));
    behave(socket);
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `smtp://user:hunter2@127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Answers lines; what has no answer gets none. */
const answering =
  (answers: Readonly<Record<string, string>>) =>
  (socket: Socket): void => {
    socket.write("220 test\r\n");
    socket.on("data", (chunk) => {
      const line = chunk.toString();
      const found = Object.entries(answers).find(([start]) => line.toUpperCase().includes(start));
      if (found !== undefined) socket.write(`${found[1]}\r\n`);
    });
  };

const email = {
  envelope: { from: "shop@example.com", to: ["ada@example.com"] },
  content: { from: "shop@example.com", to: "ada@example.com", subject: "Hi", text: "Hello" },
};

async function reasonFrom(url: string, patience = { silentMs: 200, totalMs: 60_000 }): Promise<string> {
  const send = await smtpMailer(url, patience);
  return send(email).then(
    () => "sent",
    (cause: Error) => cause.message,
  );
}

test("a server that never greets", async () => {
  expect(await reasonFrom(await serve(() => {}))).toBe("Greeting never received");
});

test("a server that stops answering", async () => {
  expect(await reasonFrom(await serve(answering({ EHLO: "250 test" })))).toBe("Timeout");
});

test("a server that is never silent, and never done", async () => {
  const url = await serve((socket) => {
    socket.write("220 test\r\n");
    const timer = setInterval(() => socket.write("250-more\r\n"), 20);
    socket.on("close", () => clearInterval(timer));
  });
  expect(await reasonFrom(url, { silentMs: 5_000, totalMs: 300 })).toBe("The mail server took longer than 0.3 seconds");
});

test("a server that hangs up in the middle of a message", async () => {
  const url = await serve((socket) => {
    answering({ EHLO: "250 test", MAIL: "250 ok", RCPT: "250 ok" })(socket);
    socket.on("data", (chunk) => {
      if (chunk.toString().startsWith("DATA")) socket.write("354 go on\r\n", () => socket.resetAndDestroy());
    });
  });
  expect(await reasonFrom(url, { silentMs: 5_000, totalMs: 60_000 })).toMatch(/ECONNRESET|EPIPE|closed unexpectedly/);
});

test("a server that is not there", async () => {
  const url = await serve(() => {});
  await new Promise((resolve) => servers.pop()?.close(resolve));
  expect(await reasonFrom(url, { silentMs: 5_000, totalMs: 60_000 })).toContain("ECONNREFUSED");
});

test("a server that refuses the password, which the reason does not have", async () => {
  const answers = { EHLO: "250-test\r\n250 AUTH PLAIN", AUTH: "535 wrong password" };
  const reason = await reasonFrom(await serve(answering(answers)), { silentMs: 5_000, totalMs: 60_000 });
  expect(reason).toContain("535 wrong password");
  expect(reason).not.toContain("hunter2");
});
