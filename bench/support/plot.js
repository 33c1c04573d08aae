'use strict';

/**
 * Draws a Vega-Lite specification.
 * @param {any} specification with its data
 * @returns {Promise<string>} SVG
 */
async function toSvg(specification) {
  const [vega, vegaLite] = await Promise.all([import('vega'), import('vega-lite')]); // ES modules
  const { spec } = vegaLite.compile({ background: 'white', padding: 8, ...specification });
  return new vega.View(vega.parse(spec), { renderer: 'none' }).toSVG();
}

module.exports = { toSvg };
