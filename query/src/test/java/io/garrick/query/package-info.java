@NullMarked
package io.garrick.query;

import org.jspecify.annotations.NullMarked;
