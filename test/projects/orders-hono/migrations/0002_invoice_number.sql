-- Migration number: 0002 	 2025-10-02T08:12:44.000Z
ALTER TABLE orders ADD COLUMN invoice_number TEXT;
CREATE UNIQUE INDEX idx_orders_invoice ON orders (invoice_number) WHERE invoice_number IS NOT NULL;
CREATE TRIGGER orders_status_guard BEFORE UPDATE OF status ON orders
WHEN OLD.status = 'fulfilled'
BEGIN
  SELECT RAISE(ABORT, 'order is fulfilled; it stays so');
END;
