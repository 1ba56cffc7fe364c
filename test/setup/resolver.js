// TypeScript's imports name the file that is emitted; Jest runs the source.
module.exports = (request, options) => {
  if (request.startsWith('.') && request.endsWith('.js') && !options.basedir.includes('node_modules')) {
    try {
      return options.defaultResolver(request.replace(/\.js$/, '.ts'), options);
    } catch {
      // A file that is JavaScript.
    }
  }
  return options.defaultResolver(request, options);
};
