/* The page's frame, and the pieces that its sections are made of. */
#include <math.h>
#include <stdarg.h>
#include <string.h>

#include "base/file.h"
#include "report/page_int.h"
#include "runs/origin.h"

static const char style[] =
	":root{color-scheme:light dark;--text:#1a1c20;--muted:#5a6068;--line:#d9dce1;--paper:#fff;--band:#f4f5f7;--link:#0b57a4}\n"
	"@media screen and (prefers-color-scheme:dark){:root{--text:#e8eaed;--muted:#a4abb5;--line:#3a4049;--paper:#15181d;--band:#1e2228;--link:#8ec1ff}}\n"
	"*{box-sizing:border-box}\n"
	"html{-webkit-text-size-adjust:100%}\n"
	"body{margin:0;background:var(--paper);color:var(--text);font:16px/1.5 system-ui,\"Segoe UI\",Roboto,\"Helvetica Neue\",Arial,sans-serif}\n"
	"main{max-width:1080px;margin:0 auto;padding:2rem 1.25rem 4rem}\n"
	"h1{font-size:1.75rem;line-height:1.2;margin:0 0 .5rem;overflow-wrap:anywhere}\n"
	"h2{font-size:1.5rem;line-height:1.25;margin:3.5rem 0 .5rem;padding-top:1rem;border-top:3px solid var(--text);overflow-wrap:anywhere}\n"
	".section{font-size:1.25rem;line-height:1.3;margin:2.75rem 0 .75rem;padding-top:.75rem;border-top:1px solid var(--line)}\n"
	"h3,h4{font-size:1rem;margin:1.75rem 0 .5rem}\n"
	"p{margin:.5rem 0;max-width:46rem;overflow-wrap:anywhere}\n"
	"a{color:var(--link)}\n"
	".muted,figcaption,caption{color:var(--muted)}\n"
	"nav ul{list-style:none;margin:1rem 0 0;padding:0;display:flex;flex-wrap:wrap;gap:.25rem 1.1rem}nav .part{flex-basis:100%;font-weight:600;margin-top:.5rem}\n"
	".facts{display:flex;flex-wrap:wrap;gap:.75rem 2.5rem;margin:1.25rem 0;padding:0}\n"
	".facts div{min-width:7rem}.facts dt{color:var(--muted);font-size:.875rem}.facts dd{margin:0;font-size:1.375rem;font-variant-numeric:tabular-nums;overflow-wrap:anywhere}\n"
	".facts small{display:block;font-size:.875rem;color:var(--muted)}\n"
	".scroll{overflow-x:auto;margin:.75rem 0}\n"
	"table{border-collapse:collapse;font-size:.9375rem;font-variant-numeric:tabular-nums}\n"
	"caption{text-align:left;padding-bottom:.35rem;font-size:.875rem}\n"
	"th,td{padding:.3rem .8rem .3rem 0;text-align:right;white-space:nowrap;border-bottom:1px solid var(--line);vertical-align:baseline}\n"
	"th{font-weight:600}thead th{color:var(--muted);font-weight:500;vertical-align:bottom;white-space:normal}\n"
	"th:first-child,td.text,th.text{text-align:left}tbody th.long{white-space:normal;min-width:min(17rem,45vw);max-width:26rem;overflow-wrap:break-word}td.text{white-space:normal;min-width:9rem;overflow-wrap:anywhere}\n"
	"td:last-child,th:last-child{padding-right:0}\n"
	".mark{display:inline-block;width:1.1em;font-size:.9em}\n"
	".figures{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,400px),1fr));gap:1.5rem 2rem;margin:1rem 0;align-items:start}\n"
	"figure{margin:0;min-width:0;max-width:580px}figure.wide{max-width:760px;overflow-x:auto}figure.wide>svg,figure.wide>img{min-width:520px}\n"
	"figure svg,figure img{display:block;width:100%;height:auto}\n"
	"figcaption{font-size:.875rem;margin-top:.25rem}\n"
	".sheet{display:grid;grid-template-columns:repeat(auto-fill,minmax(104px,1fr));gap:1rem;margin:1rem 0;padding:0;list-style:none}\n"
	".sheet img{width:100%;max-width:128px;height:auto;display:block;image-rendering:pixelated;border:1px solid var(--line)}\n"
	".sheet figcaption{font-size:.8125rem;line-height:1.35;overflow-wrap:anywhere}.sheet strong{color:var(--text);font-weight:600}\n"
	"details{margin:.75rem 0}summary{cursor:pointer;overflow-wrap:anywhere}\n"
	"pre{background:var(--band);padding:.9rem 1rem;overflow-x:auto;font:13px/1.45 ui-monospace,SFMono-Regular,Menlo,Consolas,\"DejaVu Sans Mono\",monospace;tab-size:4}\n"
	"pre.notes{white-space:pre-wrap;font:inherit;font-size:.875rem;background:none;padding:0;margin:.75rem 0;max-width:46rem;color:var(--muted)}table+table{margin-top:1.25rem}\n"
	"dl.origin{display:grid;grid-template-columns:max-content 1fr;gap:.2rem 1.25rem;margin:.75rem 0}dl.origin dt{color:var(--muted)}dl.origin dd{margin:0;overflow-wrap:anywhere}\n"
	"@media(max-width:560px){main{padding:1.25rem 1rem 3rem}h1{font-size:1.4rem}dl.origin{grid-template-columns:1fr;gap:0}dl.origin dd{margin-bottom:.5rem}}\n"
	"@media print{@page{margin:16mm 14mm}body{font-size:10.5pt}main{max-width:none;padding:0}nav{display:none}h2,h3,h4{break-after:avoid}figure,tr,.sheet li{break-inside:avoid}"
	".scroll{overflow:visible}table{font-size:8.5pt}th,td{white-space:normal;padding-right:.5rem}.figures{grid-template-columns:1fr 1fr}"
	"pre{white-space:pre-wrap;overflow-wrap:anywhere;font-size:7.5pt;background:none;border:1px solid var(--line)}"
	"details::details-content{content-visibility:visible;display:block;block-size:auto}}\n";

void page_begin(struct page_out *o)
{
	struct str *h = &o->html;
	str_add(h, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
	           "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
	           "<meta name=\"color-scheme\" content=\"light dark\">\n"
	           "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src &#39;none&#39;; img-src data:; style-src &#39;unsafe-inline&#39;\">\n"
	           "<link rel=\"icon\" href=\"data:,\">\n");
	str_printf(h, "<meta name=\"generator\" content=\"%s\">\n<title>", origin_program());
	html_escape(h, o->title);
	str_add(h, "</title>\n<style>\n");
	str_add(h, style);
	canvas_css(h);
	str_add(h, "</style>\n</head>\n<body>\n<main>\n<header>\n<h1>");
	html_escape(h, o->title);
	str_add(h, "</h1>\n");
}

/* The list of sections is known at the end and stands in front of the first. */
enum status page_end(struct page_out *o, const char *path, struct err *e)
{
	struct str all = {0};
	const char *text = str_text(&o->html), *first = strstr(text, "<section");
	const size_t head = first ? (size_t)(first - text) : o->html.len;
	str_addn(&all, text, head);
	str_add(&all, "<nav aria-label=\"Contents\">\n<ul>\n");
	str_add(&all, str_text(&o->contents));
	str_add(&all, "</ul>\n</nav>\n</header>\n");
	str_addn(&all, text + head, o->html.len - head);
	str_printf(&all, "<footer>\n<p class=\"muted\">Written by %s. This file is whole: it reads nothing from elsewhere.</p>\n</footer>\n"
	                 "</main>\n</body>\n</html>\n", origin_program());
	const enum status st = file_put(path, all.text, all.len, e);
	str_release(&all);
	return st;
}

void part_begin(struct page_out *o)
{
	if (!o->part)
		return;
	str_printf(&o->contents, "<li class=\"part\"><a href=\"#part%d\">", o->part);
	html_escape(&o->contents, o->page->title);
	str_add(&o->contents, "</a></li>\n");
	str_printf(&o->html, "<section class=\"part\" id=\"part%d\" aria-labelledby=\"part%d-h\">\n<h2 id=\"part%d-h\">", o->part, o->part, o->part);
	html_escape(&o->html, o->page->title);
	str_add(&o->html, "</h2>\n");
}

void part_end(struct page_out *o)
{
	if (o->part)
		section_end(o);
}

void section_begin(struct page_out *o, const char *id, const char *title)
{
	const int level = o->part ? 3 : 2;
	if (o->part)
		id = arena_printf(o->arena, "part%d-%s", o->part, id);
	str_printf(&o->contents, "<li><a href=\"#%s\">%s</a></li>\n", id, title);
	str_printf(&o->html, "<section id=\"%s\" aria-labelledby=\"%s-h\">\n<h%d class=\"section\" id=\"%s-h\">%s</h%d>\n", id, id, level, id, title, level);
}

void subheading(struct page_out *o, const char *title)
{
	const int level = o->part ? 4 : 3;
	str_printf(&o->html, "<h%d>%s</h%d>\n", level, title, level);
}

void section_end(struct page_out *o)
{
	str_add(&o->html, "</section>\n");
}

void paragraph(struct page_out *o, const char *fmt, ...)
{
	char line[4096];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(line, sizeof line, fmt, ap);
	va_end(ap);
	str_add(&o->html, "<p>");
	html_escape(&o->html, line);
	str_add(&o->html, "</p>\n");
}

struct canvas *figure_begin(struct page_out *o, const char *title, const char *description, double width, double height)
{
	str_add(&o->html, width > CHART_WIDTH * 1.2 ? "<figure class=\"wide\">\n" : "<figure>\n");
	return canvas_svg(o->arena, &o->html, arena_printf(o->arena, "f%d", ++o->figures), title, description, width, height, false);
}

void figure_end(struct page_out *o, struct canvas *c, const char *caption)
{
	canvas_close(c, NULL, NULL);
	if (caption) {
		str_add(&o->html, "<figcaption>");
		html_escape(&o->html, caption);
		str_add(&o->html, "</figcaption>\n");
	}
	str_add(&o->html, "</figure>\n");
}

void figures_begin(struct page_out *o)
{
	str_add(&o->html, "<div class=\"figures\">\n");
}

void figures_end(struct page_out *o)
{
	str_add(&o->html, "</div>\n");
}

void table_begin(struct page_out *o, const char *caption, const char *const *head)
{
	str_add(&o->html, "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"");
	html_escape(&o->html, caption);
	str_add(&o->html, "\">\n<table>\n<caption>");
	html_escape(&o->html, caption);
	str_add(&o->html, "</caption>\n<thead>\n<tr>");
	for (int i = 0; head[i]; i++) {
		const bool text = *head[i] == '<';
		str_add(&o->html, text ? "<th scope=\"col\" class=\"text\">" : "<th scope=\"col\">");
		html_escape(&o->html, head[i] + text);
		str_add(&o->html, "</th>");
	}
	str_add(&o->html, "</tr>\n</thead>\n<tbody>\n");
}

void table_end(struct page_out *o)
{
	str_add(&o->html, "</tbody>\n</table>\n</div>\n");
}

void row_begin(struct page_out *o)
{
	str_add(&o->html, "<tr>");
}

void row_end(struct page_out *o)
{
	str_add(&o->html, "</tr>\n");
}

void cell_text(struct page_out *o, const char *text)
{
	str_add(&o->html, "<td class=\"text\">");
	html_escape(&o->html, text);
	str_add(&o->html, "</td>");
}

void cell_series(struct page_out *o, const struct shown *s)
{
	static const char *const mark[MARK_KINDS] = {"\xe2\x97\x8f", "\xe2\x96\xa0", "\xe2\x96\xb2", "\xe2\x97\x86", "\xe2\x97\x8b", "\xe2\x9c\x9a"};
	str_printf(&o->html, "<th scope=\"row\"%s><span class=\"mark i%d\" aria-hidden=\"true\">%s</span>",
	           strlen(s->s->label) > 24 ? " class=\"long\"" : "", s->style % SERIES_INKS, mark[s->style % MARK_KINDS]);
	html_escape(&o->html, s->s->label);
	str_add(&o->html, "</th>");
}

void cell_number(struct page_out *o, const char *fmt, double v)
{
	char text[64];
	snprintf(text, sizeof text, fmt, v); /* fmt: one of ours */
	str_printf(&o->html, "<td>%s</td>", isfinite(v) ? text : "\xe2\x80\x93");
}

void cell_count(struct page_out *o, double v)
{
	char text[32];
	str_printf(&o->html, "<td>%s</td>", isfinite(v) ? str_count(text, llround(v)) : "\xe2\x80\x93");
}
