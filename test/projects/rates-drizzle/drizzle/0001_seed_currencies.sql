INSERT INTO `currencies` (`code`, `digits`) VALUES ('USD', 2), ('GBP', 2), ('JPY', 0);
--> statement-breakpoint
CREATE INDEX `rates_day_idx` ON `rates` (`day`);
