import crypto from 'node:crypto';

export const sign = (key, text) => crypto.createHmac('sha256', key).update(text).digest('hex').slice(0, 12);
