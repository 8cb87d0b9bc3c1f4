/* Inner loops for wide registers, compiled for several instruction sets; the loader picks the machine's best. */

#ifndef SPARSEFIT_SIMD_H
#define SPARSEFIT_SIMD_H

#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#if defined(__x86_64__) && defined(__linux__) && defined(__GLIBC__) && defined(__has_attribute)
#if __has_attribute(target_clones)
#define SPARSEFIT_CLONES __attribute__((unused, target_clones("avx512f", "avx2", "default")))
#endif
#endif
#if !defined(SPARSEFIT_CLONES) && defined(__GNUC__)
#define SPARSEFIT_CLONES __attribute__((unused))
#elif !defined(SPARSEFIT_CLONES)
#define SPARSEFIT_CLONES
#endif

/* Inlined in any case, so that it is compiled for the instruction set of the loop that calls it. */
#if defined(__GNUC__)
#define SPARSEFIT_INLINE static inline __attribute__((always_inline))
#else
#define SPARSEFIT_INLINE static inline
#endif

/* Vectors are taken this many at a time, interleaved: element i of all of them fills one line of the cache. */
#define SPARSEFIT_WIDTH 8

/* Features that are looked at together, and stay in the cache. */
enum { SPARSEFIT_FEATURES = 256 };

/* A line is a few lanes: vectors of the compiler's where it has them, so that it widens the loop over lanes alone. */
#if defined(__GNUC__)
typedef double sparsefit_lane __attribute__((vector_size(32), aligned(8), may_alias));
#else
typedef double sparsefit_lane;
#endif
#define SPARSEFIT_LANES (int)(SPARSEFIT_WIDTH * sizeof(double) / sizeof(sparsefit_lane))
#define SPARSEFIT_LINE(vectors, i) ((sparsefit_lane *)((vectors) + SPARSEFIT_WIDTH * (ptrdiff_t)(i)))

/* out[q] = sum over entries (i, x) of x * vectors[i][q]. Several sums, so that none need wait for another. */
#define SPARSEFIT_GATHER(name, value, index)                                                                           \
    SPARSEFIT_INLINE void name(const value *data, const index *indices, ptrdiff_t n, const double *vectors,            \
                               ptrdiff_t width, double *out)                                                           \
    {                                                                                                                  \
        if (width == 1) {                                                                                              \
            double sums[4] = {0};                                                                                      \
            ptrdiff_t t = 0;                                                                                           \
            for (; t + 3 < n; t += 4)                                                                                  \
                for (int q = 0; q < 4; q++) sums[q] += data[t + q] * vectors[indices[t + q]];                          \
            for (; t < n; t++) sums[t % 4] += data[t] * vectors[indices[t]];                                           \
            out[0] = (sums[0] + sums[1]) + (sums[2] + sums[3]);                                                        \
            return;                                                                                                    \
        }                                                                                                              \
        sparsefit_lane even[SPARSEFIT_LANES] = {0}, odd[SPARSEFIT_LANES] = {0};                                        \
        for (ptrdiff_t t = 0; t + 1 < n; t += 2) {                                                                     \
            const double x = data[t], y = data[t + 1];                                                                 \
            const sparsefit_lane *u = SPARSEFIT_LINE(vectors, indices[t]);                                             \
            const sparsefit_lane *v = SPARSEFIT_LINE(vectors, indices[t + 1]);                                         \
            for (int q = 0; q < SPARSEFIT_LANES; q++) even[q] += x * u[q];                                             \
            for (int q = 0; q < SPARSEFIT_LANES; q++) odd[q] += y * v[q];                                              \
        }                                                                                                              \
        if (n % 2) {                                                                                                   \
            const double x = data[n - 1];                                                                              \
            const sparsefit_lane *u = SPARSEFIT_LINE(vectors, indices[n - 1]);                                         \
            for (int q = 0; q < SPARSEFIT_LANES; q++) even[q] += x * u[q];                                             \
        }                                                                                                              \
        for (int q = 0; q < SPARSEFIT_LANES; q++) SPARSEFIT_LINE(out, 0)[q] = even[q] + odd[q];                        \
    }                                                                                                                  \
    /* The same for lines from starts[j] to stops[j]: out[q * apart + j] for q < k. */                                 \
    SPARSEFIT_CLONES static void name##_lines(const void *values, const void *positions, const long long *starts,      \
                                              const long long *stops, ptrdiff_t n_lines, const double *vectors,        \
                                              ptrdiff_t width, double *out, ptrdiff_t k, ptrdiff_t apart)              \
    {                                                                                                                  \
        const value *data = (const value *)values;                                                                     \
        const index *indices = (const index *)positions;                                                               \
        double sums[SPARSEFIT_WIDTH];                                                                                  \
        for (ptrdiff_t j = 0; j < n_lines; j++) {                                                                      \
            name(data + starts[j], indices + starts[j], stops[j] - starts[j], vectors, width, sums);                   \
            for (ptrdiff_t q = 0; q < k; q++) out[q * apart + j] = sums[q];                                            \
        }                                                                                                              \
    }

/* out[j][q] += x * vectors[i][q] for every entry (j, x) of line i, which ends where the next one begins. */
#define SPARSEFIT_SCATTER(name, value, index)                                                                          \
    SPARSEFIT_CLONES static void name(const void *values, const void *positions, const long long *starts,              \
                                      ptrdiff_t n_lines, const double *vectors, ptrdiff_t width, double *out)          \
    {                                                                                                                  \
        const value *data = (const value *)values;                                                                     \
        const index *indices = (const index *)positions;                                                               \
        if (width == 1) {                                                                                              \
            for (ptrdiff_t i = 0; i < n_lines; i++)                                                                    \
                for (long long t = starts[i]; t < starts[i + 1]; t++) out[indices[t]] += data[t] * vectors[i];         \
            return;                                                                                                    \
        }                                                                                                              \
        for (ptrdiff_t i = 0; i < n_lines; i++) {                                                                      \
            sparsefit_lane v[SPARSEFIT_LANES];                                                                         \
            for (int q = 0; q < SPARSEFIT_LANES; q++) v[q] = SPARSEFIT_LINE(vectors, i)[q];                            \
            for (long long t = starts[i]; t < starts[i + 1]; t++) {                                                    \
                const double x = data[t];                                                                              \
                sparsefit_lane *line = SPARSEFIT_LINE(out, indices[t]);                                                \
                for (int q = 0; q < SPARSEFIT_LANES; q++) line[q] += x * v[q];                                         \
            }                                                                                                          \
        }                                                                                                              \
    }

/* Of all types of values and positions the functions for lines are of one type. */
SPARSEFIT_GATHER(gather_double_int, double, int)
SPARSEFIT_GATHER(gather_double_long, double, long long)
SPARSEFIT_GATHER(gather_float_int, float, int)
SPARSEFIT_GATHER(gather_float_long, float, long long)
SPARSEFIT_SCATTER(scatter_double_int_lines, double, int)
SPARSEFIT_SCATTER(scatter_double_long_lines, double, long long)
SPARSEFIT_SCATTER(scatter_float_int_lines, float, int)
SPARSEFIT_SCATTER(scatter_float_long_lines, float, long long)

/* gather_double_int for those who call it for single lines. */
SPARSEFIT_CLONES static void gather_entries(const double *data, const int *indices, ptrdiff_t n, const double *vectors,
                                            ptrdiff_t width, double *out)
{
    gather_double_int(data, indices, n, vectors, width, out);
}

/* sums = the sums of weights[i], weights[i] * d and weights[i] * d^2 over entries (i, x), for d = x - centre. */
SPARSEFIT_CLONES static void sum_entries(const double *data, const int *indices, ptrdiff_t n, const double *weights,
                                         double centre, double *sums)
{
    double parts[3][4] = {{0}};
    ptrdiff_t t = 0;
    for (; t + 3 < n; t += 4)
        for (int q = 0; q < 4; q++) {
            const double weight = weights[indices[t + q]], d = data[t + q] - centre;
            parts[0][q] += weight;
            parts[1][q] += weight * d;
            parts[2][q] += weight * d * d;
        }
    for (; t < n; t++) {
        const double weight = weights[indices[t]], d = data[t] - centre;
        parts[0][t % 4] += weight;
        parts[1][t % 4] += weight * d;
        parts[2][t % 4] += weight * d * d;
    }
    for (int k = 0; k < 3; k++) sums[k] = (parts[k][0] + parts[k][1]) + (parts[k][2] + parts[k][3]);
}

/* out[i] = x[i], in double precision. */
SPARSEFIT_CLONES static void widen(const float *x, ptrdiff_t n, double *out)
{
    for (ptrdiff_t i = 0; i < n; i++) out[i] = x[i];
}

/* z[i] = scale * z[i] - shift[i] - offset, where shift may be NULL. */
SPARSEFIT_CLONES static void shift_line(double *z, ptrdiff_t n, double scale, const double *shift, double offset)
{
    if (shift == NULL) {
        for (ptrdiff_t i = 0; i < n; i++) z[i] = scale * z[i] - offset;
    } else {
        for (ptrdiff_t i = 0; i < n; i++) z[i] = scale * z[i] - shift[i] - offset;
    }
}

/* z[i] = factor * (z[i] - shift[i]) */
SPARSEFIT_CLONES static void centre_line(double *z, ptrdiff_t n, const double *shift, double factor)
{
    for (ptrdiff_t i = 0; i < n; i++) z[i] = factor * (z[i] - shift[i]);
}

/* sum of a term of x[i] - centre and weights[i]: many sums, so that none need wait for another. */
#define SPARSEFIT_SUM(name, term)                                                                                      \
    SPARSEFIT_CLONES static double name(const double *x, const double *weights, ptrdiff_t n, double centre)            \
    {                                                                                                                  \
        double sums[4 * SPARSEFIT_WIDTH] = {0}, total = 0.0;                                                           \
        ptrdiff_t i = 0;                                                                                               \
        for (; i + 4 * SPARSEFIT_WIDTH <= n; i += 4 * SPARSEFIT_WIDTH)                                                 \
            for (int q = 0; q < 4 * SPARSEFIT_WIDTH; q++) {                                                            \
                const double weight = weights[i + q], d = x[i + q] - centre;                                           \
                sums[q] += term;                                                                                       \
            }                                                                                                          \
        for (; i < n; i++) {                                                                                           \
            const double weight = weights[i], d = x[i] - centre;                                                       \
            total += term;                                                                                             \
        }                                                                                                              \
        for (int q = 0; q < 4 * SPARSEFIT_WIDTH; q++) total += sums[q];                                                \
        return total;                                                                                                  \
    }

SPARSEFIT_SUM(mean_about, weight * d)
SPARSEFIT_SUM(square_about, weight * d * d)
SPARSEFIT_SUM(square_of_product, (weight * d) * (weight * d))

/* out[i] += (factor * x[i])^2 */
SPARSEFIT_CLONES static void add_squares(const double *x, ptrdiff_t n, double factor, double *out)
{
    for (ptrdiff_t i = 0; i < n; i++) out[i] += (factor * x[i]) * (factor * x[i]);
}

/* The largest, over rows of shares, of |sum_k share[k] * x[k][i]| + distance * norms[i]; where x has several tasks for
   each k, of the 2-norm over these. */
SPARSEFIT_CLONES static void largest_limits(const double *shares, const double *distances, ptrdiff_t n_rows,
                                            ptrdiff_t n_known, const double *x, ptrdiff_t n_tasks, ptrdiff_t apart,
                                            const double *norms, ptrdiff_t n, double *limits)
{
    double squares[SPARSEFIT_FEATURES], value[SPARSEFIT_FEATURES];
    for (ptrdiff_t i = 0; i < n; i++) limits[i] = 0.0;
    for (ptrdiff_t row = 0; row < n_rows; row++) {
        for (ptrdiff_t i = 0; i < n; i++) squares[i] = 0.0;
        for (ptrdiff_t t = 0; t < n_tasks; t++) {
            for (ptrdiff_t i = 0; i < n; i++) value[i] = 0.0;
            for (ptrdiff_t k = 0; k < n_known; k++) {
                const double share = shares[row * n_known + k], *line = x + (k * n_tasks + t) * apart;
                for (ptrdiff_t i = 0; i < n; i++) value[i] += share * line[i];
            }
            for (ptrdiff_t i = 0; i < n; i++) squares[i] += value[i] * value[i];
        }
        for (ptrdiff_t i = 0; i < n; i++) value[i] = n_tasks == 1 ? fabs(value[i]) : sqrt(squares[i]);
        for (ptrdiff_t i = 0; i < n; i++) {
            const double limit = value[i] + distances[row] * norms[i];
            /* What is not a number stays that, and is no limit. */
            limits[i] = limit <= limits[i] || limits[i] != limits[i] ? limits[i] : limit;
        }
    }
}

/* The largest a at which side * (x + slope * (a - alpha)) >= per_alpha * a: infinity if that holds at alpha and for all
   larger ones, -1 if for none. */
SPARSEFIT_INLINE double entry_on_side(double side, double x, double slope, double alpha, double per_alpha)
{
    const double rise = side * slope - per_alpha, entry = side * (slope * alpha - x) / rise;
    const double stays = side * x > per_alpha * alpha ? INFINITY : -1.0;
    return side == 0.0 ? -1.0 : rise < 0.0 ? entry : stays;
}

/* out[j] is the larger of these on both sides of zero, at least -1, for the line through values at two alphas. */
SPARSEFIT_CLONES static void entries_along_lines(const double *now, const double *before, const double *up,
                                                 const double *down, ptrdiff_t n, double alpha, double apart,
                                                 double per_alpha, double *out)
{
    for (ptrdiff_t j = 0; j < n; j++) {
        const double slope = apart > 0.0 ? (before[j] - now[j]) / apart : 0.0;
        const double above = entry_on_side(up[j], now[j], slope, alpha, per_alpha);
        const double below = entry_on_side(-down[j], now[j], slope, alpha, per_alpha);
        const double entry = above > -1.0 ? above : -1.0;
        out[j] = below > entry ? below : entry;
    }
}

/* out[i] = factor[i] * (x[i] - shift) */
SPARSEFIT_CLONES static void weigh_line(const double *x, ptrdiff_t n, double shift, const double *factor, double *out)
{
    for (ptrdiff_t i = 0; i < n; i++) out[i] = factor[i] * (x[i] - shift);
}

/* z[i] *= factor[i] */
SPARSEFIT_CLONES static void scale_line(double *z, ptrdiff_t n, const double *factor)
{
    for (ptrdiff_t i = 0; i < n; i++) z[i] *= factor[i];
}

/* out[q] = sum of x[i] * vectors[i][q]. */
SPARSEFIT_CLONES static void gather_line(const double *x, ptrdiff_t n, const double *vectors, double *out)
{
    sparsefit_lane sums[SPARSEFIT_LANES] = {0};
    for (ptrdiff_t i = 0; i < n; i++)
        for (int q = 0; q < SPARSEFIT_LANES; q++) sums[q] += x[i] * SPARSEFIT_LINE(vectors, i)[q];
    for (int q = 0; q < SPARSEFIT_LANES; q++) SPARSEFIT_LINE(out, 0)[q] = sums[q];
}

/* Lines that are multiplied with a few vectors at a time, as many numbers of each as stay in the cache. Where lines do
   not, memory sets the pace, and BLAS packs them first. (50000 x 51, two and three vectors: sums along lines 2.0 and
   2.6 ms by BLAS, 0.9 and 1.1 so; sums of lines 1.5 and 1.8, 1.0 and 1.1; X by rows 1.8 and 2.3, 1.1 and 1.3. With four
   vectors it makes hardly a difference.) */
enum { SPARSEFIT_FEW = 3, SPARSEFIT_LINES = 4, SPARSEFIT_PIECE = 1024 };

/* out[q][l] += sum of lines[l][i] * vectors[q][i]. */
SPARSEFIT_INLINE void add_dots(const double *lines, ptrdiff_t apart, int n_lines, const double *vectors,
                               ptrdiff_t vectors_apart, int k, ptrdiff_t n, double *out, ptrdiff_t out_apart)
{
    enum { STEP = sizeof(sparsefit_lane) / sizeof(double) };
    const sparsefit_lane nothing = {0};
    sparsefit_lane sums[SPARSEFIT_FEW][SPARSEFIT_LINES];
    for (int q = 0; q < k; q++)
        for (int l = 0; l < n_lines; l++) sums[q][l] = nothing;
    ptrdiff_t i = 0;
    for (; i + STEP <= n; i += STEP) {
        sparsefit_lane v[SPARSEFIT_FEW];
        for (int q = 0; q < k; q++) v[q] = *(const sparsefit_lane *)(vectors + q * vectors_apart + i);
        for (int l = 0; l < n_lines; l++) {
            const sparsefit_lane x = *(const sparsefit_lane *)(lines + l * apart + i);
            for (int q = 0; q < k; q++) sums[q][l] += x * v[q];
        }
    }
    for (int q = 0; q < k; q++)
        for (int l = 0; l < n_lines; l++) {
            double parts[STEP], total = 0.0;
            memcpy(parts, &sums[q][l], sizeof parts);
            for (int e = 0; e < STEP; e++) total += parts[e];
            for (ptrdiff_t t = i; t < n; t++) total += lines[l * apart + t] * vectors[q * vectors_apart + t];
            out[q * out_apart + l] += total;
        }
}

/* out[q][i] += sum over lines of factors[q][l] * lines[l][i]. */
SPARSEFIT_INLINE void add_lines(const double *lines, ptrdiff_t apart, int n_lines, const double *factors,
                                ptrdiff_t factors_apart, int k, ptrdiff_t n, double *out, ptrdiff_t out_apart)
{
    enum { STEP = sizeof(sparsefit_lane) / sizeof(double) };
    ptrdiff_t i = 0;
    for (; i + STEP <= n; i += STEP) {
        sparsefit_lane sums[SPARSEFIT_FEW];
        for (int q = 0; q < k; q++) sums[q] = *(const sparsefit_lane *)(out + q * out_apart + i);
        for (int l = 0; l < n_lines; l++) {
            const sparsefit_lane x = *(const sparsefit_lane *)(lines + l * apart + i);
            for (int q = 0; q < k; q++) sums[q] += factors[q * factors_apart + l] * x;
        }
        for (int q = 0; q < k; q++) *(sparsefit_lane *)(out + q * out_apart + i) = sums[q];
    }
    for (; i < n; i++)
        for (int q = 0; q < k; q++)
            for (int l = 0; l < n_lines; l++)
                out[q * out_apart + i] += factors[q * factors_apart + l] * lines[l * apart + i];
}

/* For 2 or 3 vectors; numbers of lines and vectors are known to the compiler. */
#define SPARSEFIT_OF_FEW(name, add, at_vectors, at_out)                                                                \
    SPARSEFIT_CLONES static void name(const double *lines, ptrdiff_t apart, ptrdiff_t n_lines, ptrdiff_t n,            \
                                      const double *vectors, ptrdiff_t vectors_apart, ptrdiff_t k, double *out,        \
                                      ptrdiff_t out_apart)                                                             \
    {                                                                                                                  \
        for (ptrdiff_t i = 0; i < n; i += SPARSEFIT_PIECE) {                                                           \
            const ptrdiff_t h = n - i < SPARSEFIT_PIECE ? n - i : SPARSEFIT_PIECE;                                     \
            for (ptrdiff_t l = 0; l < n_lines;) {                                                                      \
                const double *x = lines + l * apart + i, *v = vectors + at_vectors;                                    \
                double *o = out + at_out;                                                                              \
                const ptrdiff_t left = n_lines - l;                                                                    \
                if (left >= SPARSEFIT_LINES && k == 2)                                                                 \
                    add(x, apart, SPARSEFIT_LINES, v, vectors_apart, 2, h, o, out_apart);                              \
                else if (left >= SPARSEFIT_LINES)                                                                      \
                    add(x, apart, SPARSEFIT_LINES, v, vectors_apart, 3, h, o, out_apart);                              \
                else if (k == 2)                                                                                       \
                    add(x, apart, 1, v, vectors_apart, 2, h, o, out_apart);                                            \
                else                                                                                                   \
                    add(x, apart, 1, v, vectors_apart, 3, h, o, out_apart);                                            \
                l += left >= SPARSEFIT_LINES ? SPARSEFIT_LINES : 1;                                                    \
            }                                                                                                          \
        }                                                                                                              \
    }

/* out[q][l] += sum of lines[l][i] * vectors[q][i]. */
SPARSEFIT_OF_FEW(dots_of_lines, add_dots, i, l)
/* out[q][i] += sum over lines of vectors[q][l] * lines[l][i]. */
SPARSEFIT_OF_FEW(sums_of_lines, add_lines, l, i)

/* out[i][q] += weights[i] * x[i] * vector[q], or the same for entries (i, x) of which no two have the same i: so that
   loads need not wait for stores, a few are taken at a time. */
#define SPARSEFIT_SCATTER_WEIGHTED(name, at)                                                                           \
    SPARSEFIT_CLONES static void name(const double *x, const int *indices, ptrdiff_t n, const double *weights,         \
                                      const double *vector, ptrdiff_t width, double *out)                              \
    {                                                                                                                  \
        ptrdiff_t t = 0;                                                                                               \
        if (width == 1) {                                                                                              \
            for (; t + 3 < n; t += 4) {                                                                                \
                double sums[4];                                                                                        \
                for (int q = 0; q < 4; q++) sums[q] = out[at(t + q)] + weights[at(t + q)] * x[t + q] * vector[0];      \
                for (int q = 0; q < 4; q++) out[at(t + q)] = sums[q];                                                  \
            }                                                                                                          \
            for (; t < n; t++) out[at(t)] += weights[at(t)] * x[t] * vector[0];                                        \
            return;                                                                                                    \
        }                                                                                                              \
        sparsefit_lane v[SPARSEFIT_LANES];                                                                             \
        for (int q = 0; q < SPARSEFIT_LANES; q++) v[q] = SPARSEFIT_LINE(vector, 0)[q];                                 \
        for (; t < n; t++) {                                                                                           \
            const double weighted = weights[at(t)] * x[t];                                                             \
            sparsefit_lane *line = SPARSEFIT_LINE(out, at(t));                                                         \
            for (int q = 0; q < SPARSEFIT_LANES; q++) line[q] += weighted * v[q];                                      \
        }                                                                                                              \
    }

#define SPARSEFIT_OF_ENTRY(t) (indices[t])
#define SPARSEFIT_OF_LINE(t) (t)
SPARSEFIT_SCATTER_WEIGHTED(scatter_weighted, SPARSEFIT_OF_ENTRY)
SPARSEFIT_SCATTER_WEIGHTED(scatter_weighted_line, SPARSEFIT_OF_LINE)

#endif
