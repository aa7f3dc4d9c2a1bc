const groupBy = require('lodash/groupBy');
const { Buffer } = require('node:buffer');

module.exports = {
	money: (cents) => `${(cents / 100).toFixed(2)} EUR`,
	byCustomer: (lines) => Object.fromEntries(Object.entries(groupBy(lines, 'customer')).map(([k, v]) => [k, v.length])),
	encode: (text) => Buffer.from(text).toString('base64url'),
};
