// A script of the browser's age, kept as it is.
(function (root, factory) {
	if (typeof module === 'object' && module.exports) module.exports = factory();
	else root.slug = factory();
})(this, function () {
	return function slug(text) {
		return text.toLowerCase().replace(/[^a-z0-9]+/g, '-');
	};
});
