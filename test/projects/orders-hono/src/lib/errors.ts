export class OutOfStock extends Error {
  override readonly name = "OutOfStock";
  constructor(readonly sku: string) {
    super(`${sku} is out of stock`);
  }
}
