'use strict';

/** As last-call.js, without this package. */

setTimeout(() => console.log(JSON.stringify({ ended: `${process.hrtime.bigint()}` })), 1);
