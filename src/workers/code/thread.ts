/** The thread that reads code: answers one question after the other. */
import { parentPort } from "node:worker_threads";
import type { Question } from "./analysis.ts";
import { exportedNames } from "./exports.ts";
import { graphJson } from "../graph/draw.ts";

parentPort?.on("message", (question: Question) => {
  parentPort?.postMessage(answer(question));
});

/** Neither throws for code that cannot be read. */
function answer(question: Question): unknown {
  switch (question.type) {
    case "exports":
      return exportedNames(question.script);
    case "graph":
      return graphJson(question.code, question.className);
  }
}
