CREATE TABLE `currencies` (
	`code` text(3) PRIMARY KEY NOT NULL,
	`digits` integer DEFAULT 2 NOT NULL
);
--> statement-breakpoint
CREATE TABLE `rates` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`code` text(3) NOT NULL,
	`day` text NOT NULL,
	`value` real NOT NULL,
	`source` text DEFAULT '{"kind":"ecb"}' NOT NULL,
	`is_final` integer DEFAULT false NOT NULL,
	`fetched_at` integer DEFAULT (unixepoch()) NOT NULL,
	FOREIGN KEY (`code`) REFERENCES `currencies`(`code`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE UNIQUE INDEX `rates_code_day_unique` ON `rates` (`code`,`day`);
