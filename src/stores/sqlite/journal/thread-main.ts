/** The writing thread: the writer on its connection, doing what the store asks, one thing after the other. */
import { parentPort, workerData } from "node:worker_threads";
import { StoreError } from "../../../model/failures/store-error.ts";
import { connectWriter } from "../connection/database.ts";
import type { FromWriter, ToWriter } from "./thread-messages.ts";
import { Writer } from "./writer.ts";

const writer = new Writer(connectWriter(String(workerData)));

parentPort?.on("message", (message: ToWriter) => {
  parentPort?.postMessage(answer(message));
});

function answer(message: ToWriter): FromWriter {
  try {
    switch (message.type) {
      case "commit":
        writer.nextPk = Math.max(writer.nextPk, message.nextPk);
        return { type: "committed", result: writer.commit(message.batch, message.lease), nextPk: writer.nextPk };
      case "close":
        writer.close();
        return { type: "closed" };
    }
  } catch (cause) {
    return cause instanceof StoreError
      ? { type: "failed", fault: cause.fault, message: cause.message }
      : { type: "threw", cause };
  }
}
