/* Shows the entry of a name that is searched for, also where longer names with the same beginning
 * come first and it would be folded away under "more on this page". */
addEventListener("DOMContentLoaded", () => {
    const input = document.querySelector(".md-search__input");
    const results = document.querySelector(".md-search-result__list");
    new MutationObserver(() => {
        const name = input.value.trim().replace(/\(\)$/, "");
        const entry = results.querySelector(`a[href$="#${CSS.escape(name)}"]`);
        const folded = entry && entry.closest("details");
        if (folded) folded.open = true;
    }).observe(results, { childList: true });
});
