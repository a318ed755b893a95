#include "report/colours.h"

#include <math.h>

static const double heat[][3] = {
	{0, 0, 4}, {31, 12, 72}, {85, 15, 109}, {136, 34, 106}, {186, 54, 85}, {227, 89, 51}, {249, 140, 10}, {249, 201, 50}, {252, 255, 164},
};
static const double sign[][3] = {
	{5, 48, 97}, {33, 102, 172}, {67, 147, 195}, {146, 197, 222}, {209, 229, 240}, {255, 255, 255},
	{253, 219, 199}, {244, 165, 130}, {214, 96, 77}, {178, 24, 43}, {103, 0, 31},
};

/* Between n colours at equal distances, 0 the first and 1 the last. */
static void between(const double (*colour)[3], int n, double t, uint8_t rgb[3])
{
	const double at = fmin(fmax(t, 0), 1) * (n - 1);
	const int i = at < n - 1 ? (int)at : n - 2;
	for (int c = 0; c < 3; c++)
		rgb[c] = (uint8_t)lround(colour[i][c] + (at - i) * (colour[i + 1][c] - colour[i][c]));
}

void colour_heat(double t, uint8_t rgb[3])
{
	between(heat, sizeof heat / sizeof *heat, t, rgb);
}

void colour_signed(double t, uint8_t rgb[3])
{
	between(sign, sizeof sign / sizeof *sign, (t + 1) / 2, rgb);
}
