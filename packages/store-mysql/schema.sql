CREATE TABLE IF NOT EXISTS `kvsession` (
  `key` VARBINARY(200) NOT NULL,
  `expires_at` BIGINT NOT NULL,
  `value` MEDIUMBLOB NOT NULL,
  PRIMARY KEY (`key`),
  KEY `expires_at` (`expires_at`)
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC;
