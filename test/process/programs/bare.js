'use strict';

/** A program without this package: how Node itself leaves. */

const { leaveWhenTold } = require('./ways');

leaveWhenTold();
console.log('{}');
