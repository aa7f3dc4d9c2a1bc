/** Durable workflows inside a program of your own: no server, one file. Run it twice: the second run finds the first one's work. */
import { openStepwell, WorkflowEntrypoint, type WorkflowEvent, type WorkflowStep } from "stepwell";

interface Trip {
  city: string;
}

class Booking extends WorkflowEntrypoint<unknown, Trip> {
  override async run(event: WorkflowEvent<Trip>, step: WorkflowStep): Promise<string> {
    const hotel = await step.do("book hotel", async () => `a room in ${event.payload.city}`);
    await step.sleep("think it over", 100);
    const answer = await step.waitForEvent<{ ok: boolean }>("confirmation", { type: "confirm", timeout: "1 hour" });
    return answer.payload.ok ? `booked ${hotel}` : "cancelled";
  }
}

await using stepwell = await openStepwell({ file: "bookings.db", workflows: { booking: Booking } });
const bookings = stepwell.workflow<Trip>("booking");

const booking = await bookings.create({ params: { city: "Jodhpur" } });
// Nobody waits for it yet: it is kept until the instance does.
await booking.sendEvent({ type: "confirm", payload: { ok: true } });

let report = await booking.status();
while (report.status !== "complete" && report.status !== "errored") {
  await new Promise((resolve) => setTimeout(resolve, 20));
  report = await booking.status();
}
console.log(booking.id, report.status, report.output);
