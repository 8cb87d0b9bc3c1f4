/* Losses of a block of rows, in loops that the compiler spreads over wide registers. */

#ifndef SPARSEFIT_BLOCKS_H
#define SPARSEFIT_BLOCKS_H

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "_simd.h"

/* Rows that are taken at a time, and stay in the cache. */
enum { SPARSEFIT_BLOCK = 512 };

#if defined(__GNUC__)
#define SPARSEFIT_INLINE static inline __attribute__((always_inline))
#else
#define SPARSEFIT_INLINE static inline
#endif

SPARSEFIT_INLINE uint64_t sparsefit_bits(double x)
{
    uint64_t bits;
    memcpy(&bits, &x, sizeof x);
    return bits;
}

SPARSEFIT_INLINE double sparsefit_double(uint64_t bits)
{
    double x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/* 2^(k - 2^52 3 / 2), for a whole k whose difference is the exponent of a normal number. */
SPARSEFIT_INLINE double sparsefit_power(double k) { return sparsefit_double((sparsefit_bits(k) << 52) + (1023ull << 52)); }

/* exp(x) to 1 ulp, through x = k log(2) + r with |r| <= log(2) / 2 and the Taylor series of exp(r). */
SPARSEFIT_INLINE double sparsefit_exp(double x)
{
    const double whole = 0x1.8p52;
    x = x > 710.0 ? 710.0 : x;
    x = x < -746.0 ? -746.0 : x;
    const double k = (x * 0x1.71547652b82fep0 + whole) - whole;
    const double r = (x - k * 0x1.62e42fefa38p-1) - k * 0x1.ef35793c7673p-45;
    double tail = 1.0 / 6227020800;
    tail = tail * r + 1.0 / 479001600;
    tail = tail * r + 1.0 / 39916800;
    tail = tail * r + 1.0 / 3628800;
    tail = tail * r + 1.0 / 362880;
    tail = tail * r + 1.0 / 40320;
    tail = tail * r + 1.0 / 5040;
    tail = tail * r + 1.0 / 720;
    tail = tail * r + 1.0 / 120;
    tail = tail * r + 1.0 / 24;
    tail = tail * r + 1.0 / 6;
    tail = tail * r + 0.5;
    /* Two factors, as 2^k itself may be beyond the exponents that there are. */
    const double half = 0.5 * k + whole;
    return (1.0 + (r + r * r * tail)) * sparsefit_power(half) * sparsefit_power(k - (half - whole) + whole);
}

/* log(1 + x) of a finite x > -1 to 1 ulp; of x = -1 a finite number.

   1 + x = 2^k (1 + f) with 1 + f between the roots of 1/2 and 2, and log(1 + f) = 2 artanh(s), s = f / (2 + f), by its
   Taylor series. What rounding takes off 1 + x is put back in first order. */
SPARSEFIT_INLINE double sparsefit_log1p(double x)
{
    const uint64_t root = 0x3fe6a09e667f3bcdull;
    const double u = 1.0 + x;
    const double lost = (x < 1.0 ? x - (u - 1.0) : 1.0 - (u - x)) / (u > 0.0 ? u : 1.0);
    const uint64_t above = sparsefit_bits(u) - root + (1024ull << 52);
    const double k = sparsefit_double((above >> 52) | (1075ull << 52)) - (0x1p52 + 1024.0);
    const double f = sparsefit_double((above & 0xfffffffffffffull) + root) - 1.0;
    const double s = f / (2.0 + f), t = s * s;
    double tail = 2.0 / 21;
    tail = tail * t + 2.0 / 19;
    tail = tail * t + 2.0 / 17;
    tail = tail * t + 2.0 / 15;
    tail = tail * t + 2.0 / 13;
    tail = tail * t + 2.0 / 11;
    tail = tail * t + 2.0 / 9;
    tail = tail * t + 2.0 / 7;
    tail = tail * t + 2.0 / 5;
    tail = tail * t + 2.0 / 3;
    return k * 0x1.62e42fefa38p-1 + (f - (s * (f - tail * t) - (lost + k * 0x1.ef35793c7673p-45)));
}

/* So near to zero the series of (1 + x) log(1 + x) - x has all digits. */
#define SPARSEFIT_NEAR 0x1p-4

/* (1 + x) log(1 + x) - x of an x that is near, by its series. */
SPARSEFIT_INLINE double sparsefit_near_one(double x)
{
    double tail = 1.0 / 182;
    tail = 1.0 / 156 - tail * x;
    tail = 1.0 / 132 - tail * x;
    tail = 1.0 / 110 - tail * x;
    tail = 1.0 / 90 - tail * x;
    tail = 1.0 / 72 - tail * x;
    tail = 1.0 / 56 - tail * x;
    tail = 1.0 / 42 - tail * x;
    tail = 1.0 / 30 - tail * x;
    tail = 1.0 / 20 - tail * x;
    tail = 1.0 / 12 - tail * x;
    tail = 1.0 / 6 - tail * x;
    tail = 0.5 - tail * x;
    return x * x * tail;
}

/* The same of a finite x >= -1. */
SPARSEFIT_INLINE double sparsefit_about_one(double x)
{
    const double far = (1.0 + x) * sparsefit_log1p(x) - x;
    return fabs(x) < SPARSEFIT_NEAR ? sparsefit_near_one(x) : far;
}

/* a log(a / b) - a + b of b > 0, infinite for a < 0. */
SPARSEFIT_INLINE double sparsefit_divergence(double a, double b)
{
    const double share = a > 0.0 ? a : 0.0;
    const double value = b * sparsefit_about_one((share - b) / b);
    return a < 0.0 ? INFINITY : value > 0.0 ? value : 0.0;
}

/* sum of weights[i] * x[i]; rows of weight zero count for nothing, whatever is in them. */
SPARSEFIT_CLONES static double weighted_sum(const double *weights, const double *x, ptrdiff_t n)
{
    double sums[SPARSEFIT_WIDTH] = {0}, total = 0.0;
    ptrdiff_t i = 0;
    for (; i + SPARSEFIT_WIDTH <= n; i += SPARSEFIT_WIDTH)
        for (int q = 0; q < SPARSEFIT_WIDTH; q++)
            sums[q] += weights[i + q] > 0.0 ? weights[i + q] * x[i + q] : 0.0;
    for (; i < n; i++) total += weights[i] > 0.0 ? weights[i] * x[i] : 0.0;
    for (int q = 0; q < SPARSEFIT_WIDTH; q++) total += sums[q];
    return total;
}

/* shifted[i] = z[i] + shift */
SPARSEFIT_CLONES static void add_shift(const double *z, double shift, ptrdiff_t n, double *shifted)
{
    for (ptrdiff_t i = 0; i < n; i++) shifted[i] = z[i] + shift;
}

/* result[i] = exp(z[i]) */
SPARSEFIT_CLONES static void exp_rows(const double *z, ptrdiff_t n, double *result)
{
    for (ptrdiff_t i = 0; i < n; i++) result[i] = sparsefit_exp(z[i]);
}

/* (1 - y) p - y (1 - p) of the mean p that belongs to log-odds z, where e = exp(-|z|): nothing cancels. */
SPARSEFIT_INLINE double sparsefit_excess(double y, double z, double e)
{
    return ((1.0 - y) * (z > 0.0 ? 1.0 : e) - y * (z > 0.0 ? e : 1.0)) / (1.0 + e);
}

/* log(1 + exp(z)) - y z and its derivative in z. */
SPARSEFIT_CLONES static void binomial_evaluate(const double *y, const double *z, ptrdiff_t n, double *values,
                                               double *derivatives)
{
    for (ptrdiff_t i = 0; i < n; i++) {
        const double e = sparsefit_exp(-fabs(z[i]));
        values[i] = ((z[i] > 0.0 ? z[i] : 0.0) - y[i] * z[i]) + sparsefit_log1p(e);
        derivatives[i] = sparsefit_excess(y[i], z[i], e);
    }
}

/* First and second derivative of the same. */
SPARSEFIT_CLONES static void binomial_look(const double *y, const double *z, ptrdiff_t n, double *derivatives,
                                           double *curvatures)
{
    for (ptrdiff_t i = 0; i < n; i++) {
        const double e = sparsefit_exp(-fabs(z[i])), part = 1.0 / (1.0 + e);
        derivatives[i] = sparsefit_excess(y[i], z[i], e);
        curvatures[i] = e * part * part;
    }
}

/* Fenchel-Young terms of slopes u, for |z| <= 700: the divergence of the share y + u from the mean of z. */
SPARSEFIT_CLONES static void binomial_misfit(const double *y, const double *z, const double *slopes, ptrdiff_t n,
                                             double *misfits)
{
    double success[SPARSEFIT_BLOCK], failure[SPARSEFIT_BLOCK], of_success[SPARSEFIT_BLOCK], of_failure[SPARSEFIT_BLOCK];
    int64_t n_far = 0;
    for (ptrdiff_t i = 0; i < n; i++) {
        const double e = sparsefit_exp(-fabs(z[i])), part = 1.0 / (1.0 + e);
        success[i] = (z[i] > 0.0 ? 1.0 : e) * part;
        failure[i] = (z[i] > 0.0 ? e : 1.0) * part;
        of_success[i] = ((y[i] + slopes[i]) - success[i]) / success[i];
        of_failure[i] = (((1.0 - y[i]) - slopes[i]) - failure[i]) / failure[i];
        n_far += fabs(of_success[i]) < SPARSEFIT_NEAR && fabs(of_failure[i]) < SPARSEFIT_NEAR ? 0 : 1;
    }
    if (n_far) {
        for (ptrdiff_t i = 0; i < n; i++)
            misfits[i] = sparsefit_divergence(y[i] + slopes[i], success[i])
                         + sparsefit_divergence((1.0 - y[i]) - slopes[i], failure[i]);
    } else {
        /* As with most dual points that matter, no logarithm is called for. */
        for (ptrdiff_t i = 0; i < n; i++)
            misfits[i] = success[i] * sparsefit_near_one(of_success[i]) + failure[i] * sparsefit_near_one(of_failure[i]);
    }
}

/* Of n rows with a class each, whose raw predictions of one class after the other are n_rows apart, and to be shifted:
   exp(z - max z), zero at the own class, the sums of these, and what the own ones are behind. */
SPARSEFIT_CLONES static void softmax_against_own(const double *codes, const double *z, ptrdiff_t n_rows,
                                                 const double *shifts, ptrdiff_t n_classes, ptrdiff_t n, double *others,
                                                 ptrdiff_t others_apart, double *rest, double *behind)
{
    double own[SPARSEFIT_BLOCK];
    for (ptrdiff_t i = 0; i < n; i++) own[i] = behind[i] = z[i] + shifts[0];
    for (ptrdiff_t k = 1; k < n_classes; k++)
        for (ptrdiff_t i = 0; i < n; i++) {
            const double shifted = z[k * n_rows + i] + shifts[k];
            behind[i] = shifted > behind[i] ? shifted : behind[i];
            own[i] = codes[i] == (double)k ? shifted : own[i];
        }
    for (ptrdiff_t i = 0; i < n; i++) rest[i] = 0.0;
    for (ptrdiff_t k = 0; k < n_classes; k++)
        for (ptrdiff_t i = 0; i < n; i++) {
            const double e = sparsefit_exp((z[k * n_rows + i] + shifts[k]) - behind[i]);
            const double other = codes[i] == (double)k ? 0.0 : e;
            others[k * others_apart + i] = other;
            rest[i] += other;
        }
    for (ptrdiff_t i = 0; i < n; i++) behind[i] -= own[i];
}

/* The losses. Where the own class is the largest its exponential is 1, and the loss may be much smaller than that. */
SPARSEFIT_CLONES static void softmax_losses(const double *rest, const double *behind, ptrdiff_t n, double *losses)
{
    for (ptrdiff_t i = 0; i < n; i++) {
        const double more = behind[i] == 0.0 ? rest[i] : sparsefit_exp(-behind[i]) + (rest[i] - 1.0);
        losses[i] = behind[i] + sparsefit_log1p(more);
    }
}

/* Minus the derivatives, [k is the own class] - p_k, in the place of the exponentials of the others. */
SPARSEFIT_CLONES static void softmax_residuals(const double *codes, const double *rest, const double *behind,
                                               ptrdiff_t n_classes, ptrdiff_t n, double *others, ptrdiff_t others_apart)
{
    double total[SPARSEFIT_BLOCK];
    for (ptrdiff_t i = 0; i < n; i++) total[i] = sparsefit_exp(-behind[i]) + rest[i];
    for (ptrdiff_t k = 0; k < n_classes; k++)
        for (ptrdiff_t i = 0; i < n; i++) {
            const double other = others[k * others_apart + i];
            others[k * others_apart + i] = (codes[i] == (double)k ? rest[i] : -other) / total[i];
        }
}

/* The divergences of q = (1 - t) e + t p from p, for a scale t and e the certainty of the own class. They are sums of
   p_k h(q_k / p_k - 1) with h(x) = (1 + x) log(1 + x) - x; in all but the own class x is t - 1. */
SPARSEFIT_CLONES static void softmax_misfits(const double *rest, const double *behind, const double *losses,
                                             double scale, ptrdiff_t n, double *misfits)
{
    const double far = 16.0, of_others = sparsefit_about_one(scale - 1.0);
    double own[SPARSEFIT_BLOCK];
    for (ptrdiff_t i = 0; i < n; i++) {
        own[i] = sparsefit_exp(-behind[i]);
        const double gained = (1.0 - scale) * rest[i], x = gained < far * own[i] ? gained / own[i] : far;
        misfits[i] = (own[i] * sparsefit_about_one(x) + rest[i] * of_others) / (own[i] + rest[i]);
    }
    /* An own probability that is next to nothing, or nothing. */
    for (ptrdiff_t i = 0; i < n; i++) {
        const double gained = (1.0 - scale) * rest[i], total = own[i] + rest[i], mixed = (own[i] + gained) / total;
        if (!(gained < far * own[i]))
            misfits[i] = mixed * (log(mixed) + losses[i]) - gained / total + rest[i] / total * of_others;
    }
}

/* Adds sum_i weights[i] p_k p_l to edges[k][l] of every two classes l < k, given the residuals. */
SPARSEFIT_CLONES static void softmax_edges(const double *codes, const double *weights, const double *residuals,
                                           ptrdiff_t n_rows, ptrdiff_t n_classes, ptrdiff_t n, double *edges)
{
    double weighted[SPARSEFIT_BLOCK];
    for (ptrdiff_t k = 1; k < n_classes; k++) {
        for (ptrdiff_t i = 0; i < n; i++)
            weighted[i] = weights[i] * ((codes[i] == (double)k ? 1.0 : 0.0) - residuals[k * n_rows + i]);
        for (ptrdiff_t l = 0; l < k; l++) {
            const double *of_l = residuals + l * n_rows;
            double sums[SPARSEFIT_WIDTH] = {0}, total = 0.0;
            ptrdiff_t i = 0;
            for (; i + SPARSEFIT_WIDTH <= n; i += SPARSEFIT_WIDTH)
                for (int q = 0; q < SPARSEFIT_WIDTH; q++)
                    sums[q] += weighted[i + q] * ((codes[i + q] == (double)l ? 1.0 : 0.0) - of_l[i + q]);
            for (; i < n; i++) total += weighted[i] * ((codes[i] == (double)l ? 1.0 : 0.0) - of_l[i]);
            for (int q = 0; q < SPARSEFIT_WIDTH; q++) total += sums[q];
            edges[k * n_classes + l] += total;
        }
    }
}

#endif
