/** KV namespaces, D1 databases, R2 buckets and event subscriptions, in lists. */
import type { Resource, Resources } from "../../ports/catalog/resources.ts";
import type { EventSubscription, EventSubscriptions } from "../../ports/catalog/subscriptions.ts";

export class MemoryResources implements Resources, EventSubscriptions {
  #all: readonly Resource[] = [];
  readonly #subscriptions: Map<string, EventSubscription> = new Map();

  async eventSubscriptions(): Promise<EventSubscription[]> {
    return [...this.#subscriptions.values()];
  }

  async putEventSubscription(subscription: EventSubscription): Promise<void> {
    this.#subscriptions.set(subscription.id, subscription);
  }

  async removeEventSubscription(id: string): Promise<boolean> {
    return this.#subscriptions.delete(id);
  }

  async resource(type: Resource["type"], id: string): Promise<Resource | undefined> {
    return this.#all.find((each) => each.type === type && each.id === id);
  }

  async resourceNamed(type: Resource["type"], name: string): Promise<Resource | undefined> {
    return this.#all.find((each) => each.type === type && each.name === name);
  }

  async resources(type: Resource["type"]): Promise<Resource[]> {
    return this.#all.filter((each) => each.type === type).sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  async addResource(resource: Resource): Promise<boolean> {
    const { type, id, name } = resource;
    if (this.#all.some((each) => each.type === type && (each.id === id || each.name === name))) return false;
    this.#all = [...this.#all, resource];
    return true;
  }

  async renameResource(type: Resource["type"], id: string, name: string): Promise<boolean> {
    const found = await this.resource(type, id);
    const other = await this.resourceNamed(type, name);
    if (found === undefined || (other !== undefined && other !== found)) return false;
    this.#all = this.#all.map((each) => (each === found ? { ...each, name } : each));
    return true;
  }

  async removeResource(type: Resource["type"], id: string): Promise<boolean> {
    const left = this.#all.filter((each) => each.type !== type || each.id !== id);
    const removed = left.length < this.#all.length;
    this.#all = left;
    return removed;
  }
}
