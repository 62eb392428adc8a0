// Pages with pictures: <div data-gallery><a href="large.webp" data-pswp-width data-pswp-height><img></a></div>
import "photoswipe/style.css";
import PhotoSwipe from "photoswipe";
import PhotoSwipeLightbox from "photoswipe/lightbox";

const lightbox = new PhotoSwipeLightbox({
  gallery: "[data-gallery]",
  children: "a",
  pswpModule: PhotoSwipe,
  bgOpacity: 1,
});

// Without a size PhotoSwipe draws nothing: take the shape of the thumbnail.
lightbox.addFilter("domItemData", (item, element, link) => {
  const thumbnail = link?.querySelector("img");
  if (!item.width && thumbnail) {
    item.width = thumbnail.naturalWidth * 4;
    item.height = thumbnail.naturalHeight * 4;
  }
  return item;
});
lightbox.init();
