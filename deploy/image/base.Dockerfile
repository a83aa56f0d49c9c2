# Debian with Python 3.11, from the archive that base.sh makes.
FROM scratch
ADD base.tar /
ENV LANG=C.UTF-8 PATH=/usr/sbin:/usr/bin:/sbin:/bin
CMD ["python3"]
