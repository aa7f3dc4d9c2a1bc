/** Headers of requests to R2: its own, and how they cross to the storage process. */
export const R2_HEADERS = {
  /** What is asked, as JSON: its own header, here also for what has a body. */
  request: "cf-r2-request",
  metadataSize: "cf-r2-metadata-size",
  error: "cf-r2-error",
  /** Of an answer: the body has to say how long it is. */
  noLength: "x-stepwell-no-length",
} as const;
