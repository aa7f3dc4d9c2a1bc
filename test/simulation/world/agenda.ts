/**
 * What is to happen in a simulation, and when: tasks in channels, and timers. One step takes one of those that are ready, by
 * a seed, and lets everything follow that follows from it at once (promises). When none is ready, time goes on to the next.
 *
 * Each task belongs to an owner, a process or an isolate. Those of one that has died never happen; those of one that is frozen wait.
 */
import type { Random } from "../../support/random.ts";

/** Who does things: it may end, or stand still, and all that it owns with it. */
export class Owner {
  readonly name: string;
  readonly #parent: Owner | undefined;
  #isDead = false;
  #frozenUntil = 0;

  constructor(name: string, parent?: Owner) {
    this.name = name;
    this.#parent = parent;
  }

  get isDead(): boolean {
    return this.#isDead || this.#parent?.isDead === true;
  }

  /** Until when it stands still, in milliseconds since the beginning. */
  get frozenUntil(): number {
    return Math.max(this.#frozenUntil, this.#parent?.frozenUntil ?? 0);
  }

  die(): void {
    this.#isDead = true;
  }

  freeze(until: number): void {
    this.#frozenUntil = until;
  }
}

interface Task {
  readonly readyAt: number;
  readonly work: () => void;
}

/** Tasks in order: one that is not ready yet holds up those behind it. */
export class Channel {
  readonly owner: Owner;
  readonly tasks: Task[] = [];
  readonly #agenda: Agenda;

  constructor(agenda: Agenda, owner: Owner) {
    this.#agenda = agenda;
    this.owner = owner;
  }

  /** Adds a task that is ready after so many milliseconds, once those before it are done. */
  post(work: () => void, delayMs: number = 0): void {
    const readyAt = Math.max(this.#agenda.now + delayMs, this.tasks.at(-1)?.readyAt ?? 0);
    this.tasks.push({ readyAt, work });
  }
}

export interface Timer {
  readonly at: number;
  readonly owner: Owner;
  readonly fire: () => void;
  isOver: boolean;
}

/** So many steps may be taken before time goes on. Beyond that something calls itself for ever. */
const MOST_STEPS_AT_ONCE = 20_000;

/** Taken before a simulation replaces it. */
const laterForReal = setImmediate;

export class Agenda {
  readonly #random: Random;
  readonly #channels: Channel[] = [];
  #timers: Timer[] = [];
  #now = 0;
  #steps = 0;
  #stepsNow = 0;
  #timersSet = 0;
  #current: Owner | undefined;

  constructor(random: Random) {
    this.#random = random;
  }

  /** Milliseconds since the beginning. Never goes back, whatever clocks say. */
  get now(): number {
    return this.#now;
  }

  /** How many steps have been taken. */
  get steps(): number {
    return this.#steps;
  }

  /** How many timers have been set. */
  get timersSet(): number {
    return this.#timersSet;
  }

  /** Who is at work: code that sets a timer sets it for this owner. */
  get current(): Owner {
    if (this.#current === undefined) throw new Error("A timer was set by code that belongs to no owner");
    return this.#current;
  }

  channel(owner: Owner): Channel {
    const channel = new Channel(this, owner);
    this.#channels.push(channel);
    return channel;
  }

  timer(delayMs: number, fire: () => void, owner: Owner = this.current): Timer {
    const timer: Timer = { at: this.#now + Math.max(0, delayMs), owner, fire, isOver: false };
    this.#timersSet += 1;
    // The earliest last; of those with one time, the first set is the last here.
    let place = this.#timers.length;
    while (place > 0 && (this.#timers[place - 1]?.at ?? Infinity) <= timer.at) place -= 1;
    this.#timers.splice(place, 0, timer);
    return timer;
  }

  /** How many timers an owner has set that are to fire later than now. */
  timersOf(owner: Owner): number {
    return this.#timers.filter((timer) => timer.owner === owner && !timer.isOver && timer.at > this.#now).length;
  }

  /** Does the next thing. False when nothing is left to do. */
  async step(): Promise<boolean> {
    for (;;) {
      const ready = this.#ready();
      const chosen = this.#random.pick(ready);
      if (chosen !== undefined) {
        await this.#take(chosen);
        return true;
      }
      const next = this.#nextMoment();
      if (next === undefined) return false;
      this.#now = next;
      this.#stepsNow = 0;
    }
  }

  async #take(from: Channel | Timer): Promise<void> {
    this.#steps += 1;
    this.#stepsNow += 1;
    if (this.#stepsNow > MOST_STEPS_AT_ONCE)
      throw new Error(`Nothing comes to rest: ${MOST_STEPS_AT_ONCE} steps at one moment, the last of ${from.owner.name}`);
    this.#current = from.owner;
    if (from instanceof Channel) from.tasks.shift()?.work();
    else {
      from.isOver = true;
      from.fire();
    }
    await new Promise((resolve) => laterForReal(resolve));
    this.#current = undefined;
  }

  #ready(): (Channel | Timer)[] {
    const ready: (Channel | Timer)[] = [];
    for (let i = this.#channels.length - 1; i >= 0; i -= 1) {
      const channel = this.#channels[i];
      if (channel === undefined) continue;
      if (channel.owner.isDead) {
        this.#channels.splice(i, 1);
        continue;
      }
      const [head] = channel.tasks;
      if (head !== undefined && head.readyAt <= this.#now && channel.owner.frozenUntil <= this.#now) ready.push(channel);
    }
    this.#forgetTimers();
    // Those of one owner fire in order.
    const owners = new Set<Owner>();
    for (let i = this.#timers.length - 1; i >= 0; i -= 1) {
      const timer = this.#timers[i];
      if (timer === undefined || timer.at > this.#now) break;
      if (owners.has(timer.owner) || timer.owner.frozenUntil > this.#now) continue;
      owners.add(timer.owner);
      ready.push(timer);
    }
    return ready;
  }

  #forgetTimers(): void {
    if (this.#timers.some(({ isOver, owner }) => isOver || owner.isDead))
      this.#timers = this.#timers.filter(({ isOver, owner }) => !isOver && !owner.isDead);
  }

  #nextMoment(): number | undefined {
    let next = Infinity;
    for (const { owner, tasks } of this.#channels) {
      const [head] = tasks;
      if (head !== undefined && !owner.isDead) next = Math.min(next, Math.max(head.readyAt, owner.frozenUntil));
    }
    for (const { at, owner } of this.#timers) next = Math.min(next, Math.max(at, owner.frozenUntil));
    return next === Infinity ? undefined : next;
  }
}
